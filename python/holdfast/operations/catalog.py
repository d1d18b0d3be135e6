"""Finds and removes backups."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta

from holdfast import _core, conf, places
from holdfast.exceptions import UsageError
from holdfast.history import recorded
from holdfast.inventory import Backup, Decision
from holdfast.operations.choice import locate, search
from holdfast.operations.judgement import Rules, decide
from holdfast.operations.session import exclusive, own_errors
from holdfast.progress import OnEvent, silent
from holdfast.stores import ALL, LOCAL


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

    `retention` replaces the rules of every store: all of them, or those that it has. Where it says that nothing is kept
    for being recent, the rules are for every kind alike.
    """
    configuration = conf.load()
    with own_errors():
        return tuple(
            decision
            for name in places.names(configuration, location)
            for decision in decide(configuration, name, retention, on_event)
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
            for decision in decide(configuration, name, retention, on_event):
                if decision.alias != alias or decision.keep:
                    continue
                if among is None or (decision.location, decision.name) in among:
                    place = {"store": places.store(configuration, name), "name": decision.name}
                    with recorded("cleanup", alias, backup=decision.name, location=name):
                        _core.remove_backup(place, on_event or silent)
                    removed.append(decision)
    return tuple(removed)
