"""Restores backups: first the plan, which changes nothing, then the deed, in one step or not at all."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

from django.db.backends.base.base import BaseDatabaseWrapper

from holdfast import _core, conf, databases, plans, project, signals, sqlite
from holdfast.apps import HoldfastConfig
from holdfast.conf import Configuration
from holdfast.exceptions import HoldfastError, Interrupted, InvalidBackup, UsageError
from holdfast.operations.creation import make
from holdfast.operations.session import exclusive, own_errors, private_file
from holdfast.plans import RestoreOptions
from holdfast.progress import NoticeBoard, OnEvent, silent
from holdfast.reports import RestorePreview, RestoreReport, TableChange


def plan_restore(
    selector: str = "latest",
    alias: str | None = None,
    *,
    on_event: OnEvent | None = None,
    **options: Unpack[RestoreOptions],
) -> RestorePreview:
    """Read the whole backup, compare it with the database, and tell what a restore would do."""
    with own_errors():
        choice = _choose(selector, alias)
        _prove(choice, on_event or silent)
        board = NoticeBoard(on_event)
        plan = plans.restore_plan(choice.connection, choice.configuration, choice.path, options)
        document = _compare(choice, plan) if choice.connection.vendor == "sqlite" else _core.preview(plan, board)
        return _preview(choice, plan, document, board.notices)


def restore(
    selector: str = "latest",
    alias: str | None = None,
    *,
    on_event: OnEvent | None = None,
    **options: Unpack[RestoreOptions],
) -> RestoreReport:
    """Make the database, or a part of it, equal to a backup; it stays as it is when this raises."""
    choice = _choose(selector, alias)
    connection = choice.connection
    if connection.in_atomic_block:
        raise UsageError("a restore cannot happen inside a transaction", "Call it outside of transaction.atomic().")
    about: dict[str, Any] = {"alias": connection.alias, "backup": choice.path.name}
    with exclusive(choice.configuration.directory, connection.alias, "restore"):
        signals.restore_started.send_robust(HoldfastConfig, **about)
        try:
            safety = None if options.get("safety_backup") == "skip" else _secure(choice, on_event)
            board = NoticeBoard(on_event)
            document = _replace(choice, options, board)
        except BaseException as error:
            signals.restore_failed.send_robust(HoldfastConfig, error=error, **about)
            raise
        report = RestoreReport(
            alias=connection.alias,
            database=databases.display_name(connection),
            backup=choice.path.name,
            tables=document["tables"],
            rows=document["rows"],
            seconds=document["seconds"],
            verified=document["verified"],
            safety_backup=safety,
            warnings=tuple(dict.fromkeys([*document["warnings"], *board.notices])),
        )
        signals.restore_finished.send_robust(HoldfastConfig, report=report, **about)
        return report


@dataclass(frozen=True)
class _Choice:
    """A backup, and the database that it is for."""

    configuration: Configuration
    connection: BaseDatabaseWrapper
    path: Path
    manifest: dict[str, Any]


def _choose(selector: str, alias: str | None) -> _Choice:
    configuration = conf.load()
    if selector == "latest":
        alias = alias or databases.default_alias(configuration.databases)
    # Another database's backup is found by its name, on purpose: copying production into staging is a restore too.
    found = _core.find_backup(str(configuration.directory), selector, alias if selector == "latest" else None)
    if found.get("problem"):
        raise InvalidBackup(
            f"{found['path']}: {found['problem']}",
            "Nothing was changed; choose another backup: `manage.py list_backups`.",
        )
    manifest = _core.read_manifest(found["path"])
    connection = databases.connection_for(alias or manifest["alias"])
    engine = manifest["database"]["engine"]
    if engine != connection.vendor:
        raise UsageError(
            f"the backup is of {databases.ENGINES.get(engine, engine)}, "
            f"the database {connection.alias!r} is {databases.ENGINES[connection.vendor]}",
            "A backup goes back into the engine that it came from.",
        )
    return _Choice(configuration, connection, Path(found["path"]), manifest)


def _prove(choice: _Choice, on_event: OnEvent) -> None:
    found = _core.validate(plans.validate_plan(choice.configuration, choice.path, None), on_event)
    if not found["ok"]:
        raise InvalidBackup(
            f"{choice.path.name} is damaged: {found['problems'][0]}",
            "Nothing was changed; choose another backup: `manage.py list_backups`.",
        )


def _secure(choice: _Choice, on_event: OnEvent | None) -> str:
    try:
        return make(choice.connection, choice.configuration, {"kind": "pre-restore"}, on_event).name
    except Interrupted:
        raise
    except HoldfastError as error:
        # Its own hint is about backup_db; what counts here is that there is a way on.
        raise type(error)(
            f"nothing was restored, because the safety backup failed: {error.message}",
            "To restore without one, add --no-safety-backup.",
        ) from error


def _replace(choice: _Choice, options: RestoreOptions, on_event: OnEvent) -> dict[str, Any]:
    plan = plans.restore_plan(choice.connection, choice.configuration, choice.path, options)
    if choice.connection.vendor != "sqlite":
        databases.close(choice.connection)
        return _core.restore(plan, on_event)
    with private_file(choice.configuration.directory, choice.connection.alias, "restore") as private:
        plan["target"].update(file=str(private), page_size=sqlite.live_page_size(choice.connection))
        document = _core.restore(plan, on_event)
        if plan["scope"] == "full" and not plan["tables"]:
            sqlite.thaw(choice.connection, private)
        else:
            sqlite.replace_tables(choice.connection, private, plan["tables"], plan["scope"])
        return document


def _compare(choice: _Choice, plan: dict[str, Any]) -> dict[str, Any]:
    """Do for SQLite what the core does for PostgreSQL: only Django's own library may open the live file."""
    before = sqlite.current_counts(choice.connection)
    after = {table["name"]: table["rows"] for table in choice.manifest["tables"]}
    chosen = plan["tables"] or [*after, *(name for name in before if name not in after)]
    unknown = [name for name in plan["tables"] if name not in after]
    if unknown:
        raise UsageError(f"the backup has no table {unknown[0]!r}", f"It has {', '.join(sorted(after))}.")
    return {
        "strategy": "in-place",
        "tables": [{"label": name, "before": before.get(name), "after": after.get(name)} for name in chosen],
        "drops": [{"kind": "table", "name": name} for name in chosen if name not in after],
        "creates": [{"kind": "table", "name": name} for name in chosen if name not in before],
        "keeps": [],
        "warnings": [],
    }


def _preview(
    choice: _Choice,
    plan: dict[str, Any],
    document: dict[str, Any],
    notices: list[str],
) -> RestorePreview:
    warnings = [*document["warnings"], *notices, *project.differences(choice.manifest["django"])]
    if choice.manifest["alias"] != choice.connection.alias:
        warnings.insert(0, f"the backup is of database {choice.manifest['alias']!r}, not {choice.connection.alias!r}")
    return RestorePreview(
        alias=choice.connection.alias,
        database=databases.display_name(choice.connection),
        engine=choice.connection.vendor,
        backup=choice.path.name,
        path=choice.path,
        created=choice.manifest["created"],
        strategy=document["strategy"],
        scope=plan["scope"],
        tables=tuple(TableChange(table["label"], table["before"], table["after"]) for table in document["tables"]),
        drops=tuple(f"{dropped['kind']} {dropped['name']}" for dropped in document["drops"]),
        creates=tuple(f"{created['kind']} {created['name']}" for created in document["creates"]),
        keeps=tuple(document["keeps"]),
        warnings=tuple(dict.fromkeys(warnings)),
    )
