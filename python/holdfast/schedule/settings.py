"""Reads `HOLDFAST["SCHEDULE"]`: small letters name what is done and when, capitals say how.

What stands beside the kinds holds for all of them; what a kind says itself beats it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from holdfast.kinds import is_kind
from holdfast.readers import Refused, duration, refuse_unknown, whole, wrong_type
from holdfast.schedule.times import Cron, Every, Hours, Times

DRILL = "drill"
BUSY_KEYS = ("LOAD", "SESSIONS", "TRANSACTION", "WAIT", "RATE_LIMIT")

_A_KIND = 'a cron expression, such as "0 2 * * *", or a dictionary with CRON or EVERY'
_SHORTEST = timedelta(minutes=1)


@dataclass(frozen=True)
class Busy:
    """What counts as too much to do for a backup now, and how long it waits for less."""

    # The load average of the last minute for each core; None does not look.
    load: float | None
    # Sessions that run a statement in this database of PostgreSQL.
    sessions: int | None
    # How long a transaction may have been open there.
    transaction: timedelta | None
    wait: timedelta
    # For what then runs all the same: uncompressed bytes a second; None is HOLDFAST["RATE_LIMIT"].
    rate_limit: int | None


@dataclass(frozen=True)
class Entry:
    """One kind of backup, or the drill, and everything about its times."""

    kind: str
    times: Times
    # The first is the most important; None is every database that is backed up.
    databases: tuple[str, ...] | None
    quiet_hours: tuple[Hours, ...]
    jitter: timedelta
    busy: Busy | None
    # Fewer rows written than this since the last one are not worth a backup, until that is as old as `at_latest`.
    changes: int | None
    at_latest: timedelta
    # A new backup that is equal to the last of its kind is not kept while that is younger than this; None keeps all.
    unchanged: timedelta | None


@dataclass(frozen=True)
class Schedule:
    """Everything that happens by itself."""

    entries: tuple[Entry, ...] = ()

    @property
    def backups(self) -> tuple[Entry, ...]:
        """Everything but the drill."""
        return tuple(entry for entry in self.entries if entry.kind != DRILL)

    @property
    def drill(self) -> Entry | None:
        """The drill, where there is one."""
        return next((entry for entry in self.entries if entry.kind == DRILL), None)


def read(value: object) -> Schedule:
    """Read the whole dictionary."""
    if value is None:
        return Schedule()
    if not isinstance(value, Mapping):
        raise wrong_type("SCHEDULE", value, 'a dictionary, such as {"daily": "0 2 * * *"}')
    common = {key: given for key, given in value.items() if isinstance(key, str) and key.isupper()}
    refuse_unknown("HOLDFAST['SCHEDULE']", common, _OPTIONS)
    kinds = {key: given for key, given in value.items() if key not in common}
    # Options are read even where there is no kind yet that they could be for.
    _options(common, "SCHEDULE")
    return Schedule(tuple(_entry(kind, given, common) for kind, given in kinds.items()))


def read_checks(value: object) -> tuple[str, ...]:
    """Read `HOLDFAST["DRILL_CHECKS"]`: dotted paths."""
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or not all(isinstance(path, str) for path in value):
        raise wrong_type("DRILL_CHECKS", value, 'a list of dotted paths, such as ["shop.checks.orders_add_up"]')
    for path in value:
        if not re.fullmatch(r"\w+(\.\w+)+", path):
            raise _nonsense("DRILL_CHECKS", f"holds {path!r}", 'Write a dotted path: "shop.checks.orders_add_up".')
    return tuple(value)


def _entry(kind: object, given: object, common: Mapping[str, object]) -> Entry:
    if not isinstance(kind, str) or not is_kind(kind) or kind == "manual" or kind.startswith("pre-"):
        raise _nonsense(
            "SCHEDULE",
            f"has a kind {kind!r}",
            "Use small letters, digits and hyphens, such as 'daily'; 'manual' and 'pre-…' are made by other commands.",
        )
    name = f"SCHEDULE.{kind}"
    if isinstance(given, str):
        given = {"CRON": given}
    if not isinstance(given, Mapping):
        raise wrong_type(name, given, _A_KIND)
    refuse_unknown(f"HOLDFAST['SCHEDULE'][{kind!r}]", given, ("CRON", "EVERY", *_OPTIONS))
    if ("CRON" in given) == ("EVERY" in given):
        raise _nonsense(name, "must say when", "Give CRON or EVERY, one of the two.")
    times: Times = _every(given["EVERY"], name) if "EVERY" in given else _cron(given["CRON"], name)
    own = {key: value for key, value in given.items() if key not in ("CRON", "EVERY")}
    return Entry(kind=kind, times=times, **_options({**common, **own}, name))


def _options(given: Mapping[str, object], name: str) -> dict[str, Any]:
    return {
        field: reader(given[key], f"{name}.{key}") if key in given else default
        for key, (field, reader, default) in _OPTIONS.items()
    }


def _cron(value: object, name: str) -> Cron:
    if not isinstance(value, str):
        raise wrong_type(f"{name}.CRON", value, _A_KIND)
    try:
        return Cron(value)
    except ValueError as error:
        raise _nonsense(f"{name}.CRON", f"is {value!r}: {error}", 'Write "0 2 * * *" for 2 a.m. each day.') from error


def _every(value: object, name: str) -> Every:
    interval = duration(f"{name}.EVERY", value)
    if interval < _SHORTEST:
        raise _nonsense(f"{name}.EVERY", f"is {value!r}", "Nothing below a minute makes sense.")
    return Every(interval)


def _databases(value: object, name: str) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list | tuple) or not value or not all(isinstance(alias, str) for alias in value):
        raise wrong_type(name, value, "a list of aliases, the most important first")
    return tuple(value)


def _quiet_hours(value: object, name: str) -> tuple[Hours, ...]:
    spans = [value] if isinstance(value, str) else value
    if spans is None:
        return ()
    if not isinstance(spans, list | tuple) or not all(isinstance(span, str) for span in spans):
        raise wrong_type(name, value, 'hours of the day, such as "08:00-18:00", or a list of them')
    try:
        return tuple(Hours.parse(span) for span in spans)
    except ValueError as error:
        raise _nonsense(name, f"is {value!r}: {error}", 'Write "08:00-18:00", or "22:00-06:00".') from error


def _busy(value: object, name: str) -> Busy | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise wrong_type(name, value, 'a dictionary, such as {"LOAD": 0.8, "WAIT": "2h"}')
    refuse_unknown(f"HOLDFAST[{name!r}]", value, BUSY_KEYS)
    load, transaction = value.get("LOAD"), value.get("TRANSACTION")
    if load is not None and (isinstance(load, bool) or not isinstance(load, int | float)):
        raise wrong_type(f"{name}.LOAD", load, "a number: the load average for each core")
    if not any(value.get(key) is not None for key in ("LOAD", "SESSIONS", "TRANSACTION")):
        raise _nonsense(name, "says nothing about what is busy", "Give LOAD, SESSIONS or TRANSACTION.")
    return Busy(
        load=None if load is None else float(load),
        sessions=_count(value.get("SESSIONS"), f"{name}.SESSIONS"),
        transaction=None if transaction is None else duration(f"{name}.TRANSACTION", transaction),
        wait=duration(f"{name}.WAIT", value.get("WAIT", "1h")),
        rate_limit=_count(value.get("RATE_LIMIT"), f"{name}.RATE_LIMIT"),
    )


def _count(value: object, name: str) -> int | None:
    return None if value is None else whole(name, value, "a whole number", least=1)


def _duration(value: object, name: str) -> timedelta:
    return duration(name, value)


def _unchanged(value: object, name: str) -> timedelta | None:
    return None if value is None else duration(name, value)


def _nonsense(key: str, complaint: str, hint: str) -> Refused:
    return Refused("E004", f"HOLDFAST[{key!r}] {complaint}.", hint)


# Option, field, reader, and the value where nobody says anything.
_OPTIONS: dict[str, tuple[str, Callable[[Any, str], Any], Any]] = {
    "DATABASES": ("databases", _databases, None),
    "QUIET_HOURS": ("quiet_hours", _quiet_hours, ()),
    "JITTER": ("jitter", _duration, timedelta()),
    "BUSY": ("busy", _busy, None),
    "CHANGES": ("changes", _count, None),
    "AT_LATEST": ("at_latest", _duration, timedelta(days=1)),
    "UNCHANGED": ("unchanged", _unchanged, timedelta(hours=12)),
}
OPTIONS = tuple(_OPTIONS)
