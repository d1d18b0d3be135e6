"""What alarms read of Django's settings and of the environment: a mail's envelope, and what no message may hold."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db import connections

from holdfast.alarms.secret import Scrubber
from holdfast.alarms.settings import Channel

_SECRET_VARIABLES = ("PGPASSWORD", "BACKUP_ENCRYPTION_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_SECRET_OPTIONS = ("password", "sslpassword", "passwd")


@dataclass(frozen=True)
class Envelope:
    """From whom mail to administrators comes, and to whom it goes."""

    sender: str
    prefix: str
    admins: tuple[str, ...]


def mail_envelope() -> Envelope:
    """Read `SERVER_EMAIL`, `EMAIL_SUBJECT_PREFIX` and `ADMINS`, which Django takes as texts or as pairs with a name."""
    return Envelope(
        sender=settings.SERVER_EMAIL,
        prefix=settings.EMAIL_SUBJECT_PREFIX,
        admins=tuple(str(admin if isinstance(admin, str) else admin[1]) for admin in settings.ADMINS),
    )


def scrubber(channels: Iterable[Channel]) -> Scrubber:
    """Give what takes every secret that this project knows out of a text."""
    return Scrubber(filter(None, [*_of_databases(), *_of_channels(channels), *_of_environment()]))


def _of_databases() -> Iterator[str]:
    for alias in connections:
        described = connections[alias].settings_dict
        yield str(described.get("PASSWORD") or "")
        for name in _SECRET_OPTIONS:
            yield str(described.get("OPTIONS", {}).get(name) or "")


def _of_channels(channels: Iterable[Channel]) -> Iterator[str]:
    for channel in channels:
        yield from channel.secrets()


def _of_environment() -> Iterator[str]:
    yield settings.SECRET_KEY
    for name in _SECRET_VARIABLES:
        yield os.environ.get(name, "")
