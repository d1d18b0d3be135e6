"""Copies of new backups in the stores: what is still missing there, and bringing it.

What a store once had and its own rules removed is not brought again: only what is newer than the last complete copying.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from holdfast import clock
from holdfast.exceptions import PartlyDone, StoreError
from holdfast.operations import sync
from holdfast.schedule.memory import Done, Memory
from holdfast.stores import LOCAL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from holdfast.conf import Configuration
    from holdfast.inventory import Backup
    from holdfast.progress import OnEvent

# Under this the memory has it: it is about all databases together.
_ALIAS, _KIND = "all", "copies"


@dataclass(frozen=True)
class Behind:
    """Stores lack backups: those of this moment and newer ones, or nobody knows since when."""

    since: datetime | None
    newest: Backup
    # What is damaged, by name and store: no mere namesake of what is here.
    damaged: frozenset[tuple[str, str]]


def behind(configuration: Configuration, backups: Sequence[Backup], memory: Memory) -> Behind | None:
    """Tell whether there is something to copy."""
    local = [backup for backup in backups if LOCAL in backup.locations and backup.stands_for_database]
    if not configuration.stores or not local:
        return None
    done, newest = memory.done(_ALIAS, _KIND), max(local, key=lambda backup: backup.created)
    if done is not None and done.backup_of >= newest.created:
        return None
    damaged = frozenset((backup.name, place) for backup in backups if backup.problem for place in backup.locations)
    return Behind(datetime.fromisoformat(done.backup_of) if done else None, newest, damaged)


def bring(missing: Behind, memory: Memory, on_event: OnEvent, warned: Callable[[str], None]) -> int:
    """Copy to every store what it lacks; gives the number of copies, and fails where one could not be made."""
    report = sync(since=missing.since, on_event=on_event)
    failures = [f"{store.store}: {store.message}" for store in report.unreachable]
    namesakes = []
    for step in report.left:
        text = f"{step.name} to {step.target}: {step.reason}"
        if step.action == "conflict" and (step.name, step.target) not in missing.damaged:
            namesakes.append(text)
        elif step.action != "bad":
            failures.append(text)
    if failures:
        failure = PartlyDone if report.copied else StoreError
        raise failure("; ".join(failures), "The next run copies what is missing; so does `manage.py sync_backups`.")
    # Two hosts began in the same second. No later run could change that, and none should fail for it for ever.
    for text in namesakes:
        warned(f"copies: {text}; both stay where they are")
    now = clock.utc_text(clock.now())
    memory.record(_ALIAS, _KIND, Done(now, missing.newest.created, missing.newest.name))
    return len(report.copied)
