"""How many backups stay: counts per period, and all that is younger than some days; some kinds have their own rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

from holdfast.kinds import PRE_MIGRATE, PRE_RESTORE, is_kind
from holdfast.readers import Refused, flag, place, refuse_unknown, whole, wrong_type

RECENT, KINDS = "recent", "kinds"

# What the core can count to; whoever writes more means all.
_MOST = 2**32 - 1


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

    def overridden(self, given: Mapping[str, Any]) -> Self:
        """Replace the rules that are given, of single kinds too."""
        changes = {rule: value for rule, value in given.items() if value is not None}
        if KINDS in changes:
            changes[KINDS] = {**self.kinds, **changes[KINDS]}
        return replace(self, **changes)

    def of_kind(self, kind: str | None, *, is_scheduled: bool) -> Self:
        """Give the rules of a kind that is judged by itself, or of all that nobody has listed.

        What somebody made by hand was made for a reason, which is remembered for some days; whoever makes all
        backups so keeps them as long as scheduled ones. A safety backup is of a state that was not wanted.
        """
        if kind == PRE_RESTORE:
            usual = replace(self, last=5, hourly=0, daily=0, weekly=0, monthly=0, yearly=0, days=7)
        elif is_scheduled:
            usual = self
        else:
            usual = replace(self, last=max(self.last, 10), days=max(self.days, 7))
        return usual if kind is None else usual.overridden(self.kinds.get(kind, {}))

    def as_dict(self) -> dict[str, int]:
        """Give it as a plan holds it."""
        return {**{rule: min(getattr(self, rule), _MOST) for rule in self.rules()}, RECENT: self.recent}


def read_retention(key: str, value: object) -> dict[str, Any]:
    """Read a setting: rules, and those of single kinds; what it does not have, or what is None, is left as it is."""
    given = value if isinstance(value, Mapping) else {}
    rules = _read_rules(key, {rule: count for rule, count in given.items() if rule != KINDS} if given else value)
    return {**rules, KINDS: _read_kinds(key, given[KINDS])} if given.get(KINDS) is not None else rules


def _read_kinds(key: str, given: object) -> Mapping[str, Mapping[str, int | None]]:
    if not isinstance(given, Mapping) or not all(isinstance(kind, str) and is_kind(kind) for kind in given):
        wanted = 'a dictionary whose \'kinds\' is one of kinds, such as {"manual": {"days": 90}}'
        raise wrong_type(key, given, wanted)
    where = f"{place(key)}['kinds']"
    if PRE_MIGRATE in given:
        raise Refused(
            "E004", f"{where} names {PRE_MIGRATE!r}.", 'Its rules are in HOLDFAST["PRE_MIGRATE"]["RETENTION"].'
        )
    return {kind: _read_rules(f"{where}[{kind!r}]", rules) for kind, rules in given.items()}


def _read_rules(key: str, value: object) -> dict[str, Any]:
    given = {} if value is None else value
    if not isinstance(given, Mapping):
        raise wrong_type(key, value, 'a dictionary, such as {"daily": 30}')
    refuse_unknown(place(key), given, (*Retention.rules(), RECENT))
    wanted = "a dictionary of whole numbers, and {!r} is none"
    rules: dict[str, Any] = {
        rule: None if count is None else whole(key, count, wanted.format(rule), least=0)
        for rule, count in given.items()
        if rule != RECENT
    }
    if given.get(RECENT) is not None:
        rules[RECENT] = flag(f"{place(key)}['{RECENT}']", given[RECENT], default=True)
    return rules
