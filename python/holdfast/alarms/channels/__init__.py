"""How an alarm travels: one function for each kind of channel, which raises DeliveryFailed or has delivered."""

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module

from holdfast.alarms.alarm import Alarm
from holdfast.alarms.channels.deadline import within
from holdfast.alarms.settings import Channel
from holdfast.exceptions import DeliveryFailed

Send = Callable[[Channel, Alarm], None]

_HOMES: Mapping[str, str] = {
    "email": "holdfast.alarms.channels.email",
    "slack": "holdfast.alarms.channels.slack",
    "discord": "holdfast.alarms.channels.discord",
    "webhook": "holdfast.alarms.channels.webhook",
    "ping": "holdfast.alarms.channels.ping",
    "sentry": "holdfast.alarms.channels.sentry",
    "apprise": "holdfast.alarms.channels.apprise",
}

# For a whole exchange, however lively its parts are; mail servers make strangers wait on purpose.
EXCHANGE_SECONDS: Mapping[str, float] = {kind: 25.0 if kind == "email" else 12.0 for kind in _HOMES}


def send(channel: Channel, alarm: Alarm) -> None:
    """Deliver once, without another try; what no alarm needs is not imported."""
    deliver: Send = import_module(_HOMES[channel.channel]).send
    try:
        within(channel.name, EXCHANGE_SECONDS[channel.channel], partial(deliver, channel, alarm))
    except DeliveryFailed:
        raise
    except Exception as error:  # noqa: BLE001 - somebody else's library; what it says may hold the address
        raise DeliveryFailed(f"{type(error).__name__} while sending", "Try `check_backups --notify`.") from None
