"""Finds and removes backups."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from holdfast import _core, clock, conf, places
from holdfast.conf import Configuration
from holdfast.exceptions import UsageError
from holdfast.history import recorded
from holdfast.inventory import Backup, Decision
from holdfast.kinds import BY_THE_CLOCK, PRE_MIGRATE
from holdfast.operations.choice import locate, search
from holdfast.operations.session import exclusive, own_errors
from holdfast.progress import OnEvent, silent
from holdfast.retention import Retention
from holdfast.stores import ALL, LOCAL, named

Rules = Retention | Mapping[str, int | None] | None


def list_backups(
    alias: str | None = None,
    kind: str | None = None,
    *,
    location: str = ALL,
    on_event: OnEvent | None = None,
) -> tuple[Backup, ...]:
    """Give the backups of every store, or of one, the newest first; a broken one is listed with its problem.

    What several stores have is listed once. A store that cannot be asked is told of in a notice; alone it is an error.
    """
    configuration = conf.load()
    with own_errors():
        plan = places.question(places.stores(configuration, places.names(configuration, location)))
        backups = [Backup.from_document(document) for document in _core.list_backups(plan, on_event or silent)]
    wanted = (backup for backup in backups if alias in (None, backup.alias) and kind in (None, backup.kind))
    return tuple(_merged(wanted))


def _merged(backups: Iterable[Backup]) -> Iterator[Backup]:
    """Put what is the same backup in several stores into one; other content under the same name stays apart."""
    copies: dict[tuple[str, str, int, str | None], list[Backup]] = {}
    for backup in backups:
        copies.setdefault((backup.name, backup.id, backup.stored_size, backup.problem), []).append(backup)
    for same in copies.values():
        locations = tuple(location for backup in same for location in backup.locations)
        yield replace(same[0], locations=locations)


def find_backup(
    selector: str, alias: str | None = None, *, location: str = ALL, on_event: OnEvent | None = None
) -> Backup:
    """Give the one backup that a path, a name, an id, a unique prefix or `latest` means."""
    with own_errors():
        return Backup.from_document(locate(conf.load(), selector, alias, location, on_event))


def link(selector: str, expires: timedelta, *, location: str = ALL) -> str:
    """Give an address from which anybody who has it can fetch the backup for some time; a folder has none."""
    configuration = conf.load()
    with own_errors():
        # A copy on this machine has no address; another may.
        far = places.far(configuration, location)
        if not far:
            raise UsageError("only a backup in a store has an address", 'Add a store to HOLDFAST["STORES"].')
        found = search(configuration, far, selector)
        plan = {"backup": places.place(configuration, found), "seconds": int(expires.total_seconds())}
        return _core.link(plan, silent)


def plan_cleanup(
    retention: Rules = None, *, location: str = LOCAL, on_event: OnEvent | None = None
) -> tuple[Decision, ...]:
    """Decide for every backup whether it stays, each among those of its alias and store; nothing is removed.

    `retention` replaces the rules of every store: all of them, or those that it has.
    """
    configuration = conf.load()
    with own_errors():
        return tuple(
            decision
            for name in places.names(configuration, location)
            for decision in _decide(configuration, name, retention, on_event)
        )


def cleanup(
    retention: Rules = None,
    among: Collection[tuple[str, str]] | None = None,
    *,
    location: str = LOCAL,
    on_event: OnEvent | None = None,
) -> tuple[Decision, ...]:
    """Remove what the policy does not keep, of `among` (location and name of each) where given; gives what is gone.

    Every alias is decided again under its lock, so a backup that was pinned since the plan stays.
    """
    configuration = conf.load()
    removed: list[Decision] = []
    planned = plan_cleanup(retention, location=location, on_event=on_event)
    for name, alias in sorted({(decision.location, decision.alias) for decision in planned if not decision.keep}):
        with exclusive(configuration.directory, alias, "cleanup"):
            for decision in _decide(configuration, name, retention, on_event):
                if decision.alias != alias or decision.keep:
                    continue
                if among is None or (decision.location, decision.name) in among:
                    place = {"store": places.store(configuration, name), "name": decision.name}
                    with recorded("cleanup", alias, backup=decision.name, location=name):
                        _core.remove_backup(place, on_event or silent)
                    removed.append(decision)
    return tuple(removed)


def _decide(
    configuration: Configuration, location: str, retention: Rules, on_event: OnEvent | None
) -> tuple[Decision, ...]:
    general = _policy(retention if isinstance(retention, Retention) else _own(configuration, location, retention or {}))
    listed = _core.list_backups(places.question([places.store(configuration, location)]), on_event or silent)
    candidates = [
        {
            **{name: document[name] for name in ("name", "alias", "kind", "created", "good", "lacks")},
            "pinned": document["status"].get("pinned"),
        }
        for document in listed
        # What says neither whose it is nor how old is nobody's to remove.
        if document["alias"] and document["created"]
    ]
    return judge(configuration, candidates, general, location, once=_is_given(retention))


def judge(
    configuration: Configuration, candidates: Sequence[dict[str, Any]], general: Retention, location: str, *, once: bool
) -> tuple[Decision, ...]:
    """Decide for the backups of a store, each in its pool; `once`: by these rules alone, whatever the kind."""
    decisions = [
        decision
        for (kind, _), pool in _pools(configuration, candidates).items()
        for decision in _judged(pool, _rules(configuration, general, kind, once=once), location)
    ]
    created = {candidate["name"]: candidate["created"] for candidate in candidates}
    decisions.sort(key=lambda decision: created[decision.name], reverse=True)
    return tuple(sorted(decisions, key=lambda decision: decision.alias))


def _pools(
    configuration: Configuration, candidates: Iterable[dict[str, Any]]
) -> dict[tuple[str | None, bool], list[dict[str, Any]]]:
    """Put together what is judged together: the scheduled kinds, and of every other kind its backups.

    Migrations come in bursts, and so does work by hand: judged with daily backups, they would push those out,
    or be pushed out by them. A backup that lacks rows fills the place of none that has them.
    """
    scheduled = BY_THE_CLOCK | {entry.kind for entry in configuration.schedule.backups}
    pools: dict[tuple[str | None, bool], list[dict[str, Any]]] = {}
    for candidate in candidates:
        kind = candidate["kind"]
        together = kind in scheduled and kind not in configuration.retention.kinds
        pools.setdefault((None if together else kind, bool(candidate["lacks"])), []).append(candidate)
    return pools


def _rules(configuration: Configuration, general: Retention, kind: str | None, *, once: bool) -> Retention:
    if kind == PRE_MIGRATE:
        return configuration.pre_migrate.retention
    # What somebody asks for at this moment is for whatever there is.
    return general if kind is None or once else general.of_kind(kind)


def _judged(candidates: list[dict[str, Any]], policy: Retention, location: str) -> tuple[Decision, ...]:
    backups = [{name: value for name, value in candidate.items() if name != "lacks"} for candidate in candidates]
    plan = {"policy": policy.as_dict(), "backups": backups, "now": clock.utc_text(clock.now())}
    return tuple(
        Decision(
            alias=decided["alias"],
            name=decided["name"],
            location=location,
            keep=decided["keep"],
            reasons=tuple(decided["reasons"]),
        )
        for decided in _core.retention(plan)
    )


def _is_given(retention: Rules) -> bool:
    return isinstance(retention, Retention) or any(count is not None for count in (retention or {}).values())


def _own(configuration: Configuration, location: str, instead: Mapping[str, int | None]) -> Retention:
    general = configuration.retention
    rules = general if location == LOCAL else named(configuration.stores, location).retention(general)
    return rules.once(instead)


def _policy(retention: Retention) -> Retention:
    if retention.is_empty:
        raise UsageError(
            "the retention policy is empty: it would keep nothing",
            'Give HOLDFAST["RETENTION"] or --keep-last a number above 0.',
        )
    return retention
