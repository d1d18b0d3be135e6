"""How many backups stay: counts per period, and everything younger than some days."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Self


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
