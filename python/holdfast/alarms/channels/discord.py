"""Discord's webhooks: https://discord.com/developers/docs/resources/webhook#execute-webhook."""

import re

from holdfast.alarms import wording
from holdfast.alarms.alarm import Alarm
from holdfast.alarms.channels.http import post_json
from holdfast.alarms.settings import Channel

_COLOURS = {"error": 0xC0392B, "warning": 0xF1C40F, "info": 0x27AE60}
# Discord refuses longer ones whole.
_TITLE, _DESCRIPTION = 256, 4096


def send(channel: Channel, alarm: Alarm) -> None:
    """Post one message that mentions nobody."""
    embed = {
        "title": _escaped(wording.headline(alarm), _TITLE),
        "description": _escaped(wording.plain(alarm), _DESCRIPTION),
        "color": _COLOURS[alarm.severity],
        "timestamp": alarm.at,
    }
    post_json(channel.options["URL"], {"embeds": [embed], "allowed_mentions": {"parse": []}})


def _escaped(text: str, limit: int) -> str:
    # A link could show another address than it leads to; and a name with underscores would turn slanted.
    escaped = re.sub(r"([\\*_~`|\[\]()<>#])", r"\\\1", text)[:limit]
    # A single backslash at the cut would be shown as one.
    return escaped[:-1] if len(escaped) == limit and escaped.endswith("\\") else escaped
