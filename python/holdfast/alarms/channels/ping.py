"""Pings in the manner of healthchecks.io: whoever misses them raises the alarm, also when nothing here runs any more.

https://healthchecks.io/docs/http_api/
"""

from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from holdfast.alarms import wording
from holdfast.alarms.alarm import Alarm
from holdfast.alarms.channels.http import post
from holdfast.alarms.secret import Secret
from holdfast.alarms.settings import Channel

Signal = Literal["start", "success", "fail", "log"]


def send(channel: Channel, alarm: Alarm) -> None:
    """Leave a note there that changes no state: a trial must not look like a good backup."""
    ping(channel, "log", wording.plain(alarm))


def ping(channel: Channel, signal: Signal, text: str) -> None:
    """Tell that a backup has begun, or how it has ended."""
    parts = urlsplit(channel.options["URL"].reveal())
    path = parts.path.rstrip("/") + ("" if signal == "success" else f"/{signal}")
    post(Secret(urlunsplit(parts._replace(path=path))), text.encode(), {"Content-Type": "text/plain; charset=utf-8"})
