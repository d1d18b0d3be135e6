"""Migrates behind a backup, and goes back to it when the migration fails."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from holdfast.exceptions import HoldfastError
from holdfast.management.base import with_hint
from holdfast.operations import restore
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
    return nothing + [_go_back(alias, report) for alias, report in guard.backups.items()]


def _go_back(alias: str, report: Report) -> str:
    try:
        done = restore(str(report.path or report.name), alias)
    except (HoldfastError, KeyboardInterrupt) as error:
        why = with_hint(error) if isinstance(error, HoldfastError) else "it was interrupted"
        return (
            f"Database {alias!r} is as the migration left it, because going back failed too: {why}\n"
            f"The state before the migration is in {report.path or report.name}\n"
            f"To go back: manage.py rollback_migration {report.name}"
        )
    left = done.kept.name if done.kept else done.safety_backup
    return (
        f"Database {alias!r} is what it was before the migration, restored from {report.name}. "
        f"What the migration left is kept in {left}."
    )
