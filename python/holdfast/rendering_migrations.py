"""Turns what is known of backups before migrations into text for a terminal; pure functions."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from holdfast.inventory import Backup
from holdfast.premigration.rollback import RollbackPreview
from holdfast.rendering import age, restore_plan, size, validity
from holdfast.showing import for_people

# A plan of a first deployment after months has hundreds.
_MIGRATIONS_SHOWN = 12


@for_people
def rollbacks(backups: Iterable[tuple[Backup, Sequence[str]]], now: datetime) -> str:
    """List the states that one can go back to, each with what came after it: one deployment has one backup."""
    lines = []
    for backup, since in backups:
        lines += [*_entry(backup, now), *_enumerated("   migrated since, and taken back with it:", since)]
    return "\n".join(lines)


@for_people
def rollback_plan(preview: RollbackPreview) -> str:
    """Tell everything that going back would do, and which code belongs to it."""
    lines = [restore_plan(preview.restore), "", *_enumerated("Migrations taken back:", preview.taken_back)]
    lines += _enumerated("Migrations applied again:", preview.applied_again)
    if not preview.taken_back and not preview.applied_again:
        lines.append("No migration is taken back: the database has those that the backup has.")
        lines.append("What a migration has changed that failed halfway, and so left no record, goes all the same.")
    return "\n".join([*lines, "", code(preview)])


@for_people
def code(preview: RollbackPreview) -> str:
    """Say which code fits the state in the backup, and when it must be there."""
    revision = (preview.backup.pre_migrate or {}).get("belongs_to")
    if revision:
        which = f"revision {revision}"
    elif preview.taken_back:
        which = f"the one that was live before {preview.taken_back[0]} came"
    else:
        which = "the one that was live when the backup was made"
    return (
        f"The code of that state is {which}.\n"
        "Deploy that code before the site starts again: other code expects another database."
    )


def _entry(backup: Backup, now: datetime) -> list[str]:
    where = f"in {', '.join(backup.locations)}"
    about = f"{age(backup.created, now)}, {size(backup.stored_size)}, {where}, {validity(backup, now)}"
    lines = [f"{backup.name}  ({about})"]
    record = backup.pre_migrate
    if record is None:
        return [*lines, "   what was migrated after it is not known"]
    lines += _enumerated("   before:", [_migration(migration) for migration in record["plan"]])
    lines.append(f"   because {record['reason']}")
    if record["belongs_to"]:
        lines.append(f"   code of that state: revision {record['belongs_to']}")
    return lines


def _migration(planned: Mapping[str, Any]) -> str:
    operations = ", ".join(name if count == 1 else f"{count} {name}" for name, count in planned["operations"].items())
    backwards = " taken back" if planned["direction"] == "backwards" else ""
    return f"{planned['app']}.{planned['name']}{backwards} ({operations or 'no operation'})"


def _enumerated(title: str, entries: Sequence[str]) -> list[str]:
    if not entries:
        return []
    rest = len(entries) - _MIGRATIONS_SHOWN
    indent = " " * (len(title) - len(title.lstrip()) + 3)
    lines = [title, *(f"{indent}{entry}" for entry in entries[:_MIGRATIONS_SHOWN])]
    return [*lines, f"{indent}and {rest} more"] if rest > 0 else lines
