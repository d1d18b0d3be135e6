"""Removes backups that somebody names."""

from collections.abc import Sequence

from holdfast import _core, conf, places
from holdfast.exceptions import UsageError
from holdfast.history import recorded
from holdfast.inventory import Backup
from holdfast.operations.ages import is_good
from holdfast.operations.catalog import find_backup, list_backups
from holdfast.operations.session import exclusive
from holdfast.progress import OnEvent, silent
from holdfast.stores import LOCAL


def plan_removal(
    names: Sequence[str], *, location: str = LOCAL, force: bool = False, on_event: OnEvent | None = None
) -> tuple[Backup, ...]:
    """Find the backups that have these names or ids, in each place; `locations` has the one that it was found in.

    Without `force` pinned ones and the newest good one of a database in that place are refused.
    """
    found: list[Backup] = []
    for place in places.names(conf.load(), location):
        listed = list_backups(location=place, on_event=on_event)
        meant = [backup for backup in listed if _is_named(backup, names)]
        if not force:
            for backup in meant:
                _refuse_precious(backup, listed)
        found += meant
    for name in names:
        if not any(_is_named(backup, [name]) for backup in found):
            _refuse_vague(name, location, on_event)
    return tuple(found)


def remove(
    names: Sequence[str], *, location: str = LOCAL, force: bool = False, on_event: OnEvent | None = None
) -> tuple[Backup, ...]:
    """Remove the backups that have these names or ids, and give them; every one is found before the first one goes."""
    configuration = conf.load()
    removed = []
    for planned in plan_removal(names, location=location, force=force, on_event=on_event):
        alias, (where, *_) = planned.alias or "unknown", planned.locations
        with exclusive(configuration.directory, alias, "cleanup"):
            # It may have been pinned, or have become the newest, since.
            plan_removal([planned.name], location=where, force=force, on_event=on_event)
            place = {"store": places.store(configuration, where), "name": planned.name}
            with recorded("cleanup", alias, backup=planned.name, location=where):
                _core.remove_backup(place, on_event or silent)
        removed.append(planned)
    return tuple(removed)


def _is_named(backup: Backup, names: Sequence[str]) -> bool:
    return backup.name in names or (bool(backup.id) and backup.id in names)


def _refuse_vague(name: str, location: str, on_event: OnEvent | None) -> None:
    """Refuse a name that nothing has. What is a part of one today may be a part of another tomorrow."""
    meant = find_backup(name, location=location, on_event=on_event)
    raise UsageError(f"{name!r} is not the name of a backup", f"Give the whole name: {meant.name}")


def _refuse_precious(backup: Backup, listed: Sequence[Backup]) -> None:
    if backup.pinned:
        raise UsageError(
            f"{backup.name} is pinned: {backup.pinned}",
            "Unpin it with --unpin, or add --force to remove it all the same.",
        )
    newest = next((one for one in listed if one.alias == backup.alias and is_good(one)), None)
    if newest is not None and newest.name == backup.name:
        raise UsageError(
            f"{backup.name} is the newest good backup of {backup.alias!r}",
            "Make another one first, or add --force to remove it all the same.",
        )
