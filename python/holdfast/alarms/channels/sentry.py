"""Sentry, through the project's own `sentry_sdk`."""

from holdfast.alarms import wording
from holdfast.alarms.alarm import Alarm
from holdfast.alarms.settings import Channel
from holdfast.exceptions import DeliveryFailed

_FLUSH_SECONDS = 5.0


def send(channel: Channel, alarm: Alarm) -> None:
    """Capture one message; alarms about the same trouble become one issue."""
    del channel
    try:
        import sentry_sdk  # noqa: PLC0415 - most projects have none
    except ImportError:
        raise DeliveryFailed("sentry_sdk is not installed", "Run: pip install sentry-sdk") from None
    if not sentry_sdk.is_initialized():
        raise DeliveryFailed("sentry_sdk is not initialized", "Call sentry_sdk.init in the settings.")
    with sentry_sdk.new_scope() as scope:
        scope.fingerprint = ["holdfast", alarm.event, alarm.key]
        scope.set_tag("holdfast.event", alarm.event)
        scope.set_context("holdfast", {**alarm.facts, "text": alarm.text, "host": alarm.host})
        sentry_sdk.capture_message(wording.headline(alarm), level=alarm.severity)
    sentry_sdk.flush(timeout=_FLUSH_SECONDS)
