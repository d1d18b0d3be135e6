"""How many backups stay: counts per period, and everything younger than some days."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Self

from holdfast.readers import place, refuse_unknown, whole, wrong_type


@dataclass(frozen=True)
class Retention:
    """The newest backup of each of so many periods stays; periods without a backup do not count."""

    last: int = 0
    hourly: int = 0
    daily: int = 30
    weekly: int = 12
    monthly: int = 12
    yearly: int = 0
    # Everything at most so many days older than the newest good backup stays, whatever the counts say.
    days: int = 0

    @classmethod
    def rules(cls) -> tuple[str, ...]:
        """Name every rule."""
        return tuple(field.name for field in fields(cls))

    @property
    def is_empty(self) -> bool:
        """Whether no backup would have a reason to stay."""
        return not any(asdict(self).values())

    def overridden(self, counts: Mapping[str, int | None]) -> Self:
        """Replace the rules that are given."""
        return replace(self, **{rule: count for rule, count in counts.items() if count is not None})

    def as_dict(self) -> dict[str, int]:
        """Give it as a plan holds it."""
        return asdict(self)


def read_rules(key: str, value: object) -> dict[str, int | None]:
    """Read a dictionary of rules; those that it does not have, or that are None, are left as they are."""
    given = {} if value is None else value
    if not isinstance(given, Mapping):
        raise wrong_type(key, value, 'a dictionary, such as {"daily": 30}')
    refuse_unknown(place(key), given, Retention.rules())
    wanted = "a dictionary of whole numbers, and {!r} is none"
    return {
        rule: None if count is None else whole(key, count, wanted.format(rule), least=0)
        for rule, count in given.items()
    }
