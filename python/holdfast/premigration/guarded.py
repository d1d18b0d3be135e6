"""Migrates behind a backup, and goes back to it when the migration fails."""

from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from holdfast import conf
from holdfast.exceptions import HoldfastError
from holdfast.management.base import with_hint
from holdfast.operations import restore
from holdfast.premigration import turns
from holdfast.premigration.guard import Guard, stand
from holdfast.reports import Report


def migrate_safely(*arguments: str, command: BaseCommand | str = "migrate", **options: Any) -> tuple[Report, ...]:
    """Run `migrate` with its arguments; whatever ends it early, the databases are what they were before.

    Gives the backups that were made first: one for each database, none where there was nothing to do. The exception
    of the migration leaves here as it came, with a note (PEP 678) on what became of each database.
    """
    with stand() as guard:
        try:
            call_command(command, *arguments, **options)
        except BaseException as failure:
            for note in _outcome(guard):
                failure.add_note(note)
            raise
    return tuple(guard.backups.values())


def _outcome(guard: Guard) -> list[str]:
    nothing = [
        f"Database {alias!r} had no tables before this migration: there is nothing to go back to. Drop what it has now "
        "before you try again."
        for alias in guard.empty
    ]
    # Those of the processes that this one started, too; none of them must migrate what is restored.
    folder = conf.load().directory
    made = {alias: str(folder / name) for alias, name in turns.stop(folder, guard.name).items()}
    made |= {alias: str(report.path or report.name) for alias, report in guard.backups.items()}
    return nothing + [_go_back(alias, backup) for alias, backup in made.items()]


def _go_back(alias: str, backup: str) -> str:
    name = Path(backup).name
    try:
        done = restore(backup, alias)
    except (HoldfastError, KeyboardInterrupt) as error:
        why = with_hint(error) if isinstance(error, HoldfastError) else "it was interrupted"
        return (
            f"Database {alias!r} is as the migration left it, because going back failed too: {why}\n"
            f"The state before the migration is in {backup}\n"
            f"To go back: manage.py rollback_migration {name}"
        )
    left = done.kept.name if done.kept else done.safety_backup
    empty = (
        f"\nThese materialized views stayed empty: {', '.join(done.unfilled)}. Refresh them." if done.unfilled else ""
    )
    return (
        f"Database {alias!r} is what it was before the migration, restored from {name}. "
        f"What the migration left is kept in {left}.{empty}"
    )
