"""How old the newest good backup of a database may become: what operations people call the RPO."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from holdfast.readers import duration, wrong_type

_WANTED = 'a dictionary, such as {"default": "26h"} or {"default": {"daily": "26h", "weekly": "8d"}}'


@dataclass(frozen=True)
class Target:
    """The greatest age of the newest good backup, of one kind or of any."""

    # None is any kind.
    kind: str | None
    max_age: timedelta


@dataclass(frozen=True)
class Targets:
    """The targets of each database; one without has none, and is never too old."""

    by_alias: Mapping[str, tuple[Target, ...]]

    def of(self, alias: str) -> tuple[Target, ...]:
        """Give the targets of a database, in the order of the setting."""
        return self.by_alias.get(alias, ())


def read_targets(value: object) -> Targets:
    """Read `HOLDFAST["MAX_AGE"]`."""
    given = {} if value is None else value
    if not isinstance(given, Mapping) or not all(isinstance(alias, str) for alias in given):
        raise wrong_type("MAX_AGE", value, _WANTED)
    return Targets({alias: _read_ages(ages) for alias, ages in given.items()})


def _read_ages(ages: object) -> tuple[Target, ...]:
    if not isinstance(ages, Mapping):
        return (Target(None, duration("MAX_AGE", ages)),)
    if not all(isinstance(kind, str) for kind in ages):
        raise wrong_type("MAX_AGE", ages, _WANTED)
    return tuple(Target(kind, duration("MAX_AGE", age)) for kind, age in ages.items())
