"""Sends a trial message through each channel, and tells what became of it."""

from dataclasses import dataclass
from functools import partial

from holdfast import clock, conf
from holdfast.alarms import channels, outbox
from holdfast.alarms.alarm import Alarm
from holdfast.alarms.settings import Channel
from holdfast.document import Document
from holdfast.exceptions import DeliveryFailed

# Longer than any channel takes for one try.
_PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class Delivery(Document):
    """What became of a trial message."""

    name: str
    channel: str
    ok: bool
    detail: str
    hint: str | None = None


def send_trials() -> tuple[Delivery, ...]:
    """Send to all at once, one try each, and wait; who is slow does not hold up the others."""
    chosen = conf.load().notify
    alarm = Alarm(
        event="test",
        key="test",
        title="This is a test of Holdfast's alarms",
        text="Somebody runs `check_backups --notify`. Nothing is wrong, and there is nothing to do.",
        at=clock.utc_text(clock.now()),
    )
    done: dict[str, Delivery] = {}
    for channel in chosen:
        outbox.run(channel.name, partial(_try, channel, alarm, done))
    outbox.wait(_PATIENCE_SECONDS)
    late = f"no answer within {_PATIENCE_SECONDS:g} seconds"
    return tuple(
        done.get(channel.name) or Delivery(channel.name, channel.channel, ok=False, detail=late) for channel in chosen
    )


def _try(channel: Channel, alarm: Alarm, done: dict[str, Delivery]) -> None:
    try:
        channels.send(channel, alarm)
    except DeliveryFailed as error:
        done[channel.name] = Delivery(channel.name, channel.channel, ok=False, detail=error.message, hint=error.hint)
    else:
        done[channel.name] = Delivery(channel.name, channel.channel, ok=True, detail="delivered")
