"""Everything else, through Apprise: https://github.com/caronc/apprise."""

from holdfast.alarms import wording
from holdfast.alarms.alarm import Alarm
from holdfast.alarms.settings import Channel
from holdfast.exceptions import DeliveryFailed

_TYPES = {"error": "failure", "warning": "warning", "info": "info"}


def send(channel: Channel, alarm: Alarm) -> None:
    """Send one notification."""
    try:
        import apprise  # noqa: PLC0415 - an extra
    except ImportError:
        raise DeliveryFailed("Apprise is not installed", "Run: pip install 'django-holdfast[apprise]'") from None
    service = apprise.Apprise()
    if not service.add(channel.options["URL"].reveal()):
        raise DeliveryFailed("Apprise does not know this address", "Compare it with the documentation of Apprise.")
    # Told that this is no markup, Apprise escapes it for services that read HTML.
    plain = apprise.NotifyFormat.TEXT
    title, body, kind = wording.headline(alarm), wording.plain(alarm), _TYPES[alarm.severity]
    if not service.notify(title=title, body=body, notify_type=kind, body_format=plain):
        raise DeliveryFailed("Apprise could not deliver it", "Try `apprise -vv` with the same address.")
