"""Restores backups: first the plan, which changes nothing, then the deed, in one step or not at all."""

from typing import Any, Unpack

from holdfast import _core, commitment, databases, plans, project, signals
from holdfast.exceptions import HoldfastError, Interrupted, UsageError
from holdfast.history import recorded
from holdfast.kinds import PRE_RESTORE
from holdfast.operations import restoration_sqlite
from holdfast.operations.choice import Choice, choose
from holdfast.operations.creation import make
from holdfast.operations.naming import tables_named
from holdfast.operations.session import exclusive, own_errors
from holdfast.plans import BackupOptions, RestoreOptions
from holdfast.premigration import turns
from holdfast.progress import NoticeBoard, OnEvent, silent
from holdfast.reports import KeptDatabase, RestorePreview, RestoreReport, Strategy, TableChange
from holdfast.stores import ALL


def plan_restore(
    selector: str = "latest",
    alias: str | None = None,
    *,
    location: str = ALL,
    on_event: OnEvent | None = None,
    **options: Unpack[RestoreOptions],
) -> RestorePreview:
    """Read what would be restored, compare it with the database, and tell what a restore would do."""
    with own_errors():
        board = NoticeBoard(on_event)
        choice = choose(selector, alias, location, board, whole=_is_whole(options))
        options["tables"] = tables_named(choice.manifest, options.get("tables", ()))
        _refuse_nonsense(choice, options)
        plan = plans.restore_plan(choice.connection, choice.configuration, choice.place, options)
        document = (
            restoration_sqlite.compare(choice, plan, on_event or silent)
            if choice.connection.vendor == "sqlite"
            else _core.preview(plan, board)
        )
        return _preview(choice, plan, document, board.notices)


def restore(
    selector: str = "latest",
    alias: str | None = None,
    *,
    location: str = ALL,
    on_event: OnEvent | None = None,
    **options: Unpack[RestoreOptions],
) -> RestoreReport:
    """Make the database, or a part of it, equal to a backup; it stays as it is when this raises."""
    with own_errors():
        board = NoticeBoard(on_event)
        choice = choose(selector, alias, location, board, whole=_is_whole(options))
        options["tables"] = tables_named(choice.manifest, options.get("tables", ()))
    _refuse_nonsense(choice, options)
    connection = choice.connection
    if connection.in_atomic_block:
        raise UsageError("a restore cannot happen inside a transaction", "Call it outside of transaction.atomic().")
    about: dict[str, Any] = {"alias": connection.alias, "backup": choice.name}
    with exclusive(choice.configuration.directory, connection.alias, "restore"):
        signals.tell(signals.restore_started, **about)
        try:
            with recorded("restore", kind=choice.manifest["kind"], **about) as run, own_errors():
                options = {**options, "strategy": _strategy(choice, options, board)}
                safety = _secure(choice, options, on_event) if _wants_safety_backup(options) else None
                document = _replace(choice, options, board)
                turns.over(choice.configuration.directory, connection.alias)
                run.rows = document["rows"]
                if document["unfilled"]:
                    run.result = "partly"
        except BaseException as error:
            signals.tell(signals.restore_failed, error=error, **about)
            raise
        report = RestoreReport(
            alias=connection.alias,
            database=databases.display_name(connection),
            backup=choice.name,
            tables=document["tables"],
            rows=document["rows"],
            seconds=document["seconds"],
            verified=document["verified"],
            safety_backup=safety,
            kept=KeptDatabase.read(document["kept"]) if document["kept"] else None,
            unfilled=tuple(document["unfilled"]),
            warnings=tuple(dict.fromkeys([*document["warnings"], *board.notices])),
        )
        signals.tell(signals.restore_finished, report=report, **about)
        return report


def _is_whole(options: RestoreOptions) -> bool:
    return not options.get("tables") and not options.get("schemas")


def _strategy(choice: Choice, options: RestoreOptions, on_event: OnEvent) -> Strategy:
    """Decide once: whether a safety backup is needed depends on it."""
    if choice.connection.vendor == "sqlite":
        return "in-place"
    plan = plans.restore_plan(choice.connection, choice.configuration, choice.place, options)
    chosen: Strategy = _core.choose_strategy(plan, on_event)["strategy"]
    return chosen


def _wants_safety_backup(options: RestoreOptions) -> bool:
    wanted = options.get("safety_backup", "auto")
    # A swap keeps the whole database: a backup of it would cost time and room, and hold nothing more.
    return wanted == "make" or (wanted == "auto" and options.get("strategy") != "swap")


def _refuse_nonsense(choice: Choice, options: RestoreOptions) -> None:
    """Fail where SQLite is asked for what it has not, or for rows that the backup lacks: live ones would go."""
    if options.get("strategy") == "swap" and choice.connection.vendor == "sqlite":
        raise UsageError("a SQLite database is restored in place", "Run the command again without --strategy.")
    if options.get("schemas") and choice.connection.vendor == "sqlite":
        raise UsageError("a SQLite database has no schemas", "Name its tables, each with --table.")
    scope, chosen = options.get("scope", "full"), set(options.get("tables", ()))
    if scope == "data-only" and choice.manifest["content"] == "schema-only":
        raise UsageError(f"the backup {choice.name} holds no rows at all", "It was made with --schema-only.")
    if scope == "schema-only" or choice.manifest["content"] == "schema-only":
        return
    for label, name in _without_rows(choice).items():
        if {label, name} & chosen:
            raise UsageError(
                f"the backup {choice.name} was made without the rows of {label}",
                "Choose a backup that has them; --schema-only brings back the empty table.",
            )


def _without_rows(choice: Choice) -> dict[str, str]:
    # The rows of a virtual table are in its shadow tables, unless it was named itself.
    virtual = set(choice.manifest["database"].get("properties", {}).get("virtual_tables", []))
    virtual.difference_update(*choice.manifest.get("exclusions", {}).values())
    tables = [table for table in choice.manifest["tables"] if table["rows"] is None and table["name"] not in virtual]
    return {".".join(filter(None, (table.get("schema"), table["name"]))): table["name"] for table in tables}


def _secure(choice: Choice, options: RestoreOptions, on_event: OnEvent | None) -> str | None:
    if not databases.has_content(choice.connection):
        return None
    about: BackupOptions = {"kind": PRE_RESTORE, "unsupported": options.get("unsupported", "refuse")}
    try:
        name = make(choice.connection, choice.configuration, about, on_event).name
    except Interrupted:
        raise
    except HoldfastError as error:
        # Its own hint is about backup_db; what counts here is that there is a way on.
        raise type(error)(
            f"nothing was restored, because the safety backup failed: {error.message}",
            "To restore without one, add --no-safety-backup.",
        ) from error
    commitment.go_on()
    return name


def _replace(choice: Choice, options: RestoreOptions, on_event: OnEvent) -> dict[str, Any]:
    plan = plans.restore_plan(choice.connection, choice.configuration, choice.place, options)
    if choice.connection.vendor == "sqlite":
        return restoration_sqlite.replace(choice, plan, on_event)
    databases.close(choice.connection)
    return _core.restore(plan, on_event)


def _preview(
    choice: Choice,
    plan: dict[str, Any],
    document: dict[str, Any],
    notices: list[str],
) -> RestorePreview:
    warnings = [*document["warnings"], *notices, *project.differences(choice.manifest["django"])]
    if plan["scope"] == "full" and not plan["tables"] and choice.manifest["content"] == "full":
        touched = {table["label"] for table in document["tables"]}
        without = [label for label in _without_rows(choice) if label in touched]
        warnings += [f"the backup was made without the rows of {label}: they are not in it" for label in without]
    if plan["scope"] == "full" and choice.manifest["content"] == "schema-only":
        warnings.insert(0, "the backup holds no rows: what is restored from it will be empty")
    if choice.manifest["alias"] != choice.connection.alias:
        warnings.insert(0, f"the backup is of database {choice.manifest['alias']!r}, not {choice.connection.alias!r}")
    return RestorePreview(
        alias=choice.connection.alias,
        database=databases.display_name(choice.connection),
        engine=choice.connection.vendor,
        backup=choice.name,
        path=choice.path,
        location=choice.location,
        created=choice.manifest["created"],
        proven_at=choice.proven_at,
        strategy=document["strategy"],
        strategy_reason=document["reason"],
        kept_as=document["kept_as"],
        scope=plan["scope"],
        tables=tuple(TableChange(**table) for table in document["tables"]),
        drops=tuple(f"{dropped['kind']} {dropped['name']}" for dropped in document["drops"]),
        creates=tuple(f"{created['kind']} {created['name']}" for created in document["creates"]),
        keeps=tuple(document["keeps"]),
        warnings=tuple(dict.fromkeys(warnings)),
    )
