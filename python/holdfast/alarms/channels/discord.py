"""Discord's webhooks: https://discord.com/developers/docs/resources/webhook#execute-webhook."""

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
        "title": wording.headline(alarm)[:_TITLE],
        "description": wording.plain(alarm)[:_DESCRIPTION],
        "color": _COLOURS[alarm.severity],
        "timestamp": alarm.at,
    }
    post_json(channel.options["URL"], {"embeds": [embed], "allowed_mentions": {"parse": []}})
