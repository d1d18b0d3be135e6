"""Slack's incoming webhooks: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks."""

from holdfast.alarms import wording
from holdfast.alarms.alarm import Alarm
from holdfast.alarms.channels.http import post_json
from holdfast.alarms.settings import Channel

_SIGNS = {"error": ":red_circle:", "warning": ":large_yellow_circle:", "info": ":large_green_circle:"}


def send(channel: Channel, alarm: Alarm) -> None:
    """Post one message."""
    text = f"{_SIGNS[alarm.severity]} *{_escaped(wording.headline(alarm))}*\n{_escaped(wording.plain(alarm))}"
    post_json(channel.options["URL"], {"text": text})


def _escaped(text: str) -> str:
    # Otherwise `<!channel>` in an error message would wake everybody.
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
