"""Removes backups that somebody names."""

import os
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
    selectors: Sequence[str], *, location: str = LOCAL, force: bool = False, on_event: OnEvent | None = None
) -> tuple[Backup, ...]:
    """Find the backups that are meant; without `force` pinned ones and the newest good one are refused."""
    for selector in selectors:
        if os.sep in selector:
            raise UsageError(f"{selector} is a path", "Give the name, as list_backups shows it.")
    found = [find_backup(selector, location=location, on_event=on_event) for selector in dict.fromkeys(selectors)]
    if not force:
        listed = list_backups(location=location, on_event=on_event)
        for backup in found:
            _refuse_precious(backup, listed)
    return tuple({(backup.locations, backup.name): backup for backup in found}.values())


def remove(
    selectors: Sequence[str], *, location: str = LOCAL, force: bool = False, on_event: OnEvent | None = None
) -> tuple[Backup, ...]:
    """Remove the backups that are meant, and give them; every one is found before the first one goes."""
    configuration = conf.load()
    removed = []
    for planned in plan_removal(selectors, location=location, force=force, on_event=on_event):
        alias, (where, *_) = planned.alias or "unknown", planned.locations
        with exclusive(configuration.directory, alias, "cleanup"):
            # It may have been pinned, or have become the newest, since.
            (backup,) = plan_removal([planned.name], location=where, force=force, on_event=on_event)
            place = {"store": places.store(configuration, where), "name": backup.name}
            with recorded("cleanup", alias, backup=backup.name, location=where):
                _core.remove_backup(place, on_event or silent)
        removed.append(backup)
    return tuple(removed)


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
