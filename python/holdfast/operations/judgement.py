"""Which backups of a place stay: what is judged together, and by which rules."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from holdfast import _core, clock, places
from holdfast.conf import Configuration
from holdfast.exceptions import UsageError
from holdfast.inventory import Decision
from holdfast.kinds import BY_THE_CLOCK, MANUAL, PRE_MIGRATE, PRE_RESTORE
from holdfast.progress import OnEvent, silent
from holdfast.retention import Retention
from holdfast.stores import LOCAL, named

Rules = Retention | Mapping[str, Any] | None

_SAID = ("name", "alias", "kind", "created", "good", "late", "lacks")


class _Pool(NamedTuple):
    """Backups that are judged together."""

    # None are those of several kinds.
    kind: str | None
    is_scheduled: bool
    lacks_rows: bool


def decide(
    configuration: Configuration, location: str, retention: Rules, on_event: OnEvent | None
) -> tuple[Decision, ...]:
    """Decide for every backup of a place."""
    rules = _general(configuration, location, retention)
    listed = _core.list_backups(places.question([places.store(configuration, location)]), on_event or silent)
    candidates = [
        {**{name: document[name] for name in _SAID}, "pinned": document["status"].get("pinned")}
        for document in listed
        # What says neither whose it is nor how old is nobody's to remove.
        if document["alias"] and document["created"]
    ]
    # Somebody who wants nothing kept for being recent, for once, wants the rules alone, whatever the kind.
    is_for_all = retention is not None and not rules.recent
    decisions = judge(configuration, candidates, rules, is_for_all=is_for_all)
    return tuple(replace(decision, location=location) for decision in decisions)


def judge(
    configuration: Configuration,
    candidates: Sequence[dict[str, Any]],
    rules: Retention,
    now: datetime | None = None,
    *,
    is_for_all: bool = False,
) -> tuple[Decision, ...]:
    """Decide for these backups of a place by its rules, or by those of their kinds where these are not for all.

    The place is that of this machine where the caller does not say another one.
    """
    moment = now or clock.now()
    decisions = [
        decision
        for pool, backups in _pools(configuration, candidates, rules).items()
        for decision in _judged(backups, _rules(configuration, rules, pool, is_for_all=is_for_all), pool, moment)
    ]
    created = {candidate["name"]: candidate["created"] for candidate in candidates}
    decisions.sort(key=lambda decision: created[decision.name], reverse=True)
    return tuple(sorted(decisions, key=lambda decision: decision.alias))


def _general(configuration: Configuration, location: str, instead: Rules) -> Retention:
    rules = configuration.retention
    if isinstance(instead, Retention):
        rules = instead
    else:
        rules = rules if location == LOCAL else named(configuration.stores, location).retention(rules)
        rules = rules.overridden(instead or {})
    if rules.is_empty:
        raise UsageError(
            "the retention policy is empty: it would keep nothing",
            'Give HOLDFAST["RETENTION"] or --keep-last a number above 0.',
        )
    return rules


def _pools(
    configuration: Configuration, candidates: Iterable[dict[str, Any]], rules: Retention
) -> dict[_Pool, list[dict[str, Any]]]:
    """Put together what is judged together: the scheduled kinds, each kind with rules of its own, and all others.

    Migrations come in bursts, and so does work by hand: judged with daily backups, they would push those out,
    or be pushed out by them. A backup that lacks rows fills the place of none that has them. Kinds that nobody has
    listed share their places: there may be one for each release, and the newest of each would stay for ever.
    """
    expected = {target.kind for targets in configuration.max_age.by_alias.values() for target in targets}
    alone = {MANUAL, PRE_RESTORE, PRE_MIGRATE, *rules.kinds}
    scheduled = BY_THE_CLOCK | expected | {entry.kind for entry in configuration.schedule.backups}
    pools: dict[_Pool, list[dict[str, Any]]] = {}
    for candidate in candidates:
        kind = candidate["kind"]
        is_scheduled = kind in scheduled and kind not in {MANUAL, PRE_RESTORE, PRE_MIGRATE}
        pool = _Pool(kind if kind in alone else None, is_scheduled, bool(candidate["lacks"]))
        pools.setdefault(pool, []).append(candidate)
    return pools


def _rules(configuration: Configuration, rules: Retention, pool: _Pool, *, is_for_all: bool) -> Retention:
    if pool.kind == PRE_MIGRATE:
        return configuration.pre_migrate.retention
    if not is_for_all and (pool.kind is not None or not pool.is_scheduled):
        rules = rules.of_kind(pool.kind, is_scheduled=pool.is_scheduled)
    # The newest stays in any case; whoever wants nothing else of this kind gets that.
    return replace(rules, last=1) if rules.is_empty else rules


def _judged(candidates: list[dict[str, Any]], rules: Retention, pool: _Pool, now: datetime) -> tuple[Decision, ...]:
    backups = [{name: value for name, value in candidate.items() if name != "lacks"} for candidate in candidates]
    policy = {**rules.as_dict(), "newest_of_kinds": pool.is_scheduled}
    return tuple(
        Decision(
            alias=decided["alias"],
            name=decided["name"],
            location=LOCAL,
            keep=decided["keep"],
            reasons=tuple(decided["reasons"]),
        )
        for decided in _core.retention({"policy": policy, "backups": backups, "now": clock.utc_text(now)})
    )
