"""Reads `HOLDFAST["NOTIFY"]`, the channels, and `HOLDFAST["ALARMS"]`, the thresholds.

No message here shows a value: addresses of webhooks and keys are secrets.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from holdfast.alarms.alarm import EVENTS
from holdfast.alarms.secret import Secret
from holdfast.readers import MAKE_ONE, TOKEN_LENGTH, Refused, duration, refuse_unknown, unknown, whole, wrong_type


@dataclass(frozen=True)
class Channel:
    """A way to somebody."""

    # What it is: email, slack, …
    channel: str
    # What it is called in the state, in logs and by `check_backups --notify`.
    name: str
    events: frozenset[str]
    # None is every database, or every kind of backup.
    databases: frozenset[str] | None
    kinds: frozenset[str] | None
    options: Mapping[str, Any] = field(repr=False)

    def wants(self, event: str, alias: str | None, kind: str | None) -> bool:
        """Tell whether this is to be sent; what is about no one database is for all."""
        return (
            event in self.events
            and (self.databases is None or alias is None or alias in self.databases)
            and (self.kinds is None or kind is None or kind in self.kinds)
        )

    def is_pinged(self, alias: str, kind: str) -> bool:
        """Tell whether this hears of every backup; safety backups are no part of a rhythm unless they are named."""
        return (
            self.channel == "ping"
            and (self.databases is None or alias in self.databases)
            and (kind in self.kinds if self.kinds is not None else not kind.startswith("pre-"))
        )

    def secrets(self) -> list[str]:
        """Give every text that must never show."""
        return [value.reveal() for value in self.options.values() if isinstance(value, Secret)]


@dataclass(frozen=True)
class Thresholds:
    """When something is an alarm, and how often it is told."""

    # The same trouble is told again after this time, if it still lasts.
    repeat: timedelta = timedelta(hours=12)
    # How far rows or bytes may be off the median of recent backups, as a share of it.
    change: float = 0.5
    # How far bytes alone may fall below it: what vanishes is worse than what comes.
    shrink: float = 0.2
    # How many recent backups the median is of.
    recent: int = 7
    # How long a backup may take.
    duration: timedelta = timedelta(minutes=30)
    # The share of the disk that has to be free.
    disk_free: float = 0.1


def read_channels(value: object) -> tuple[Channel, ...]:
    """Read `HOLDFAST["NOTIFY"]`."""
    given = [] if value is None else value
    if not isinstance(given, list | tuple) or not all(isinstance(channel, Mapping) for channel in given):
        raise wrong_type("NOTIFY", value, 'a list of dictionaries, such as [{"CHANNEL": "email"}]')
    channels = tuple(_read_channel(index, channel) for index, channel in enumerate(given))
    names = [channel.name for channel in channels]
    for name in names:
        if names.count(name) > 1:
            raise Refused("E004", f"HOLDFAST['NOTIFY'] has two channels named {name!r}.", 'Give each a "NAME".')
    return channels


def read_thresholds(value: object) -> Thresholds:
    """Read `HOLDFAST["ALARMS"]`."""
    given = {} if value is None else value
    if not isinstance(given, Mapping):
        raise wrong_type("ALARMS", value, 'a dictionary, such as {"REPEAT": "12h"}')
    refuse_unknown("HOLDFAST['ALARMS']", given, THRESHOLDS)
    return Thresholds(**{key.lower(): THRESHOLDS[key](f"HOLDFAST['ALARMS'][{key!r}]", given[key]) for key in given})


def _read_channel(index: int, given: Mapping[str, Any]) -> Channel:
    what = f"HOLDFAST['NOTIFY'][{index}]"
    channel = given.get("CHANNEL")
    if not isinstance(channel, str) or channel not in CHANNELS:
        hint = f'"CHANNEL" must be one of: {", ".join(CHANNELS)}.'
        raise Refused("E004", f"{what} does not say which channel it is.", hint)
    options = CHANNELS[channel]
    # A ping is no alarm: it is sent at each backup.
    refuse_unknown(what, given, [key for key in (*COMMON, *options) if (channel, key) != ("ping", "EVENTS")])
    name = given.get("NAME", channel)
    if not isinstance(name, str) or not name:
        raise wrong_type(f"{what}['NAME']", name, "a text")
    return Channel(
        channel=channel,
        name=name,
        events=frozenset() if channel == "ping" else _events(f"{what}['EVENTS']", given.get("EVENTS")),
        databases=_names(f"{what}['DATABASES']", given.get("DATABASES")),
        kinds=_names(f"{what}['KINDS']", given.get("KINDS")),
        options={key: reader(f"{what}[{key!r}]", given.get(key)) for key, reader in options.items()},
    )


def _names(what: str, value: object) -> frozenset[str] | None:
    if value is None:
        return None
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise wrong_type(what, value, "a list of names")
    if not value:
        raise Refused("E004", f"{what} is empty.", "Leave it out for all.")
    return frozenset(value)


def _events(what: str, value: object) -> frozenset[str]:
    chosen = _names(what, value)
    for event in chosen or ():
        if event not in EVENTS:
            raise unknown(f"{what}: {event!r}", event, EVENTS)
    return frozenset(EVENTS) if chosen is None else chosen


def _addresses(what: str, value: object) -> tuple[str, ...] | None:
    names = _names(what, value)
    if names and not all("@" in name for name in names):
        raise Refused("E004", f"{what} holds what is no address.", 'Write addresses, such as "ops@example.com".')
    return tuple(sorted(names)) if names else None


def _text(what: str, value: object) -> str:
    if not isinstance(value, str):
        raise wrong_type(what, value, "a text")
    return value


def _address(what: str, value: object) -> Secret:
    text = _text(what, value)
    try:
        parts = urlsplit(text)
        valid = parts.scheme in {"https", "http"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid or any(ord(letter) <= ord(" ") for letter in text):
        raise Refused("E004", f"{what} is no address of the web.", "It must begin with https:// and name a host.")
    return Secret(text)


def _key(what: str, value: object) -> Secret:
    text = _text(what, value)
    if len(text) < TOKEN_LENGTH:
        raise Refused("E004", f"{what} is shorter than {TOKEN_LENGTH} characters and could be guessed.", MAKE_ONE)
    return Secret(text)


def _apprise(what: str, value: object) -> Secret:
    text = _text(what, value)
    if "://" not in text:
        raise Refused(
            "E004", f"{what} is no address of Apprise.", 'Write one as its documentation has it: "ntfys://…".'
        )
    return Secret(text)


def _share(what: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong_type(what, value, "a number, such as 0.5 for one half")
    if not 0 < value < 1:
        raise Refused("E004", f"{what} is {value}.", "It must be between 0 and 1.")
    return float(value)


def _recent(what: str, value: object) -> int:
    del what
    return whole("ALARMS", value, "a dictionary whose RECENT is a whole number", least=3)


def _length_of_time(what: str, value: object) -> timedelta:
    del what
    return duration("ALARMS", value)


_Reader = Callable[[str, object], Any]

COMMON: Iterable[str] = ("CHANNEL", "NAME", "EVENTS", "DATABASES", "KINDS")
CHANNELS: Mapping[str, Mapping[str, _Reader]] = {
    "email": {"TO": _addresses},
    "slack": {"URL": _address},
    "discord": {"URL": _address},
    "webhook": {"URL": _address, "KEY": _key},
    "ping": {"URL": _address},
    "sentry": {},
    "apprise": {"URL": _apprise},
}
THRESHOLDS: Mapping[str, _Reader] = {
    "REPEAT": _length_of_time,
    "CHANGE": _share,
    "SHRINK": _share,
    "RECENT": _recent,
    "DURATION": _length_of_time,
    "DISK_FREE": _share,
}
