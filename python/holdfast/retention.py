"""How many backups stay: counts per period, and all that is younger than some days; some kinds have their own rules."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

from holdfast.kinds import PRE_MIGRATE, PRE_RESTORE, is_kind
from holdfast.readers import Refused, flag, place, refuse_unknown, whole, wrong_type

RECENT, KINDS = "recent", "kinds"


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
    # Of each kind all of the last 6 hours stay, one an hour of the last day, and one every four hours of the last two.
    recent: bool = True
    # Rules of single kinds, where they differ from what `of_kind` says.
    kinds: Mapping[str, Mapping[str, int | None]] = field(default_factory=dict)

    @classmethod
    def rules(cls) -> tuple[str, ...]:
        """Name every rule that is a number."""
        return tuple(field.name for field in fields(cls) if field.name not in {RECENT, KINDS})

    @property
    def is_empty(self) -> bool:
        """Whether nothing but the latest would have a reason to stay."""
        return not any(getattr(self, rule) for rule in self.rules())

    def overridden(self, counts: Mapping[str, int | None]) -> Self:
        """Replace the rules that are given."""
        given: dict[str, Any] = {rule: count for rule, count in counts.items() if count is not None}
        return replace(self, **given)

    def once(self, counts: Mapping[str, int | None]) -> Self:
        """Replace the rules that somebody gives for once; then nothing else is kept that nobody asked for."""
        given = any(count is not None for count in counts.values())
        return replace(self.overridden(counts), recent=False) if given else self

    def of_kind(self, kind: str) -> Self:
        """Give the rules of a kind that no schedule makes, or that has rules of its own.

        What somebody made by hand was made for a reason, which is remembered for some days; whoever makes all
        backups so keeps them as long as scheduled ones. A safety backup is of a state that was not wanted.
        """
        if kind == PRE_RESTORE:
            usual = replace(self, last=5, hourly=0, daily=0, weekly=0, monthly=0, yearly=0, days=7)
        else:
            usual = replace(self, last=max(self.last, 10), days=max(self.days, 7))
        return usual.overridden(self.kinds.get(kind, {}))

    def as_dict(self) -> dict[str, int]:
        """Give it as a plan holds it."""
        return {name: getattr(self, name) for name in (*self.rules(), RECENT)}


def read_retention(value: object, default: Retention) -> Retention:
    """Read the setting: the rules, what stays of the last days, and the rules of single kinds."""
    rules = read_rules("RETENTION", value, also=(RECENT, KINDS))
    given = value if isinstance(value, Mapping) else {}
    return replace(
        default.overridden(rules),
        recent=flag(f"RETENTION']['{RECENT}", given.get(RECENT), default=True),
        kinds=_read_kinds(given.get(KINDS) or {}),
    )


def _read_kinds(given: object) -> Mapping[str, Mapping[str, int | None]]:
    if not isinstance(given, Mapping) or not all(isinstance(kind, str) and is_kind(kind) for kind in given):
        raise wrong_type(
            "RETENTION", given, 'a dictionary whose \'kinds\' is one of kinds, such as {"manual": {"days": 90}}'
        )
    if PRE_MIGRATE in given:
        problem = f"HOLDFAST['RETENTION']['kinds'] names {PRE_MIGRATE!r}."
        raise Refused("E004", problem, 'Its rules are in HOLDFAST["PRE_MIGRATE"]["RETENTION"].')
    return {kind: read_rules("RETENTION", rules) for kind, rules in given.items()}


def read_rules(key: str, value: object, also: Collection[str] = ()) -> dict[str, int | None]:
    """Read a dictionary of rules; those that it does not have, or that are None, are left as they are."""
    given = {} if value is None else value
    if not isinstance(given, Mapping):
        raise wrong_type(key, value, 'a dictionary, such as {"daily": 30}')
    given = {rule: count for rule, count in given.items() if rule not in also}
    refuse_unknown(place(key), given, Retention.rules())
    wanted = "a dictionary of whole numbers, and {!r} is none"
    return {
        rule: None if count is None else whole(key, count, wanted.format(rule), least=0)
        for rule, count in given.items()
    }
