"""A JSON document to an address of one's own, signed."""

import hashlib
import hmac
import json
import time

from holdfast.alarms.alarm import Alarm
from holdfast.alarms.channels.http import post
from holdfast.alarms.settings import Channel


def send(channel: Channel, alarm: Alarm) -> None:
    """Post the alarm; the time is signed too, so that an old message cannot be played again."""
    body = json.dumps(alarm.as_dict()).encode()
    moment = str(int(time.time()))
    signature = hmac.new(channel.options["KEY"].reveal().encode(), f"{moment}.".encode() + body, hashlib.sha256)
    headers = {
        "Content-Type": "application/json",
        "Holdfast-Event": alarm.event,
        "Holdfast-Signature": f"t={moment},v1={signature.hexdigest()}",
    }
    post(channel.options["URL"], body, headers)
