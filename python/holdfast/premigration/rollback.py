"""Goes back to the state before a migration: data, schema and the record of migrations, all of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypedDict, Unpack

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder

from holdfast import conf, databases, project
from holdfast.document import Document
from holdfast.exceptions import BackupNotFound, UsageError
from holdfast.inventory import Backup
from holdfast.kinds import PRE_MIGRATE
from holdfast.operations import find_backup, list_backups, plan_restore, restore
from holdfast.operations.choice import chosen
from holdfast.operations.session import own_errors
from holdfast.plans import Verify
from holdfast.progress import OnEvent
from holdfast.reports import RestorePreview, RestoreReport, Strategy


class RollbackOptions(TypedDict, total=False):
    """What a caller may choose; the rest is as a full restore has it."""

    safety_backup: Literal["auto", "make", "skip"]
    verify: Verify
    strategy: Strategy


@dataclass(frozen=True)
class RollbackPreview(Document):
    """What going back would do; nothing is done yet."""

    backup: Backup
    # The restore; it says nothing of migrations, since here they are the purpose.
    restore: RestorePreview
    # Migrations as `app.name`, sorted: those that the database has and the backup lacks, and the other way round.
    taken_back: tuple[str, ...]
    applied_again: tuple[str, ...]


def plan_rollback(
    selector: str = "latest",
    alias: str | None = None,
    *,
    on_event: OnEvent | None = None,
    **options: Unpack[RollbackOptions],
) -> RollbackPreview:
    """Tell what going back to the state in a pre-migrate backup would do; `latest` is the newest good one."""
    backup = _chosen(selector, alias)
    preview = plan_restore(_address(backup), location=backup.locations[0], on_event=on_event, **options)
    with chosen(_address(backup), None, backup.locations[0]) as choice:
        state = choice.manifest["django"]
        # "Run migrate after the restore" would do again what is to be undone.
        others = tuple(text for text in preview.warnings if text not in project.differences_of_migrations(state))
        stored, live = _in_backup(state), _in_database(choice.connection)
    return RollbackPreview(
        backup=backup,
        restore=replace(preview, warnings=others),
        taken_back=tuple(sorted(live - stored)),
        applied_again=tuple(sorted(stored - live)),
    )


def rollback_migration(
    selector: str = "latest",
    alias: str | None = None,
    *,
    on_event: OnEvent | None = None,
    **options: Unpack[RollbackOptions],
) -> RestoreReport:
    """Make the database what it was before a migration; it stays as it is when this raises."""
    backup = _chosen(selector, alias)
    return restore(_address(backup), location=backup.locations[0], on_event=on_event, **options)


def since(backup: Backup) -> tuple[str, ...]:
    """Name the migrations that the database has and the backup lacks, but for those that it was made for."""
    planned = {f"{one['app']}.{one['name']}" for one in (backup.pre_migrate or {}).get("plan", ())}
    with chosen(_address(backup), None, backup.locations[0], whole=False) as choice:
        return tuple(sorted(_in_database(choice.connection) - _in_backup(choice.manifest["django"]) - planned))


def _address(backup: Backup) -> str:
    return str(backup.path or backup.name)


def _chosen(selector: str, alias: str | None) -> Backup:
    if selector == "latest":
        alias = alias or databases.default_alias(conf.load().databases)
        good = [backup for backup in list_backups(alias, PRE_MIGRATE) if backup.stands_for_database]
        if not good:
            raise BackupNotFound(
                f"no backup of {alias!r} was made before a migration",
                "rollback_migration without an argument shows those that there are, list_backups shows all others.",
            )
        return good[0]
    backup = find_backup(selector)
    if backup.kind != PRE_MIGRATE:
        raise UsageError(
            f"{backup.name} was not made before a migration", f"To restore it all the same: restore_db {backup.name}"
        )
    if alias not in (None, backup.alias):
        raise UsageError(
            f"{backup.name} is of database {backup.alias!r}, not {alias!r}",
            "Leave --database out; restore_db copies one database into another.",
        )
    return backup


def _in_backup(state: Mapping[str, Any]) -> set[str]:
    return {f"{app}.{name}" for app, names in state["migrations"].items() for name in names}


def _in_database(connection: BaseDatabaseWrapper) -> set[str]:
    with own_errors():
        return {f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations()}
