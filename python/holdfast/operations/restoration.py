"""Restores backups: first the plan, which changes nothing, then the deed, in one step or not at all."""

from contextlib import ExitStack
from typing import Any, Unpack

from holdfast import _core, commitment, databases, plans, project, signals
from holdfast.exceptions import HoldfastError, Interrupted, UsageError
from holdfast.history import recorded
from holdfast.kinds import PRE_RESTORE
from holdfast.operations import restoration_sqlite
from holdfast.operations.choice import Choice, chosen
from holdfast.operations.creation import make
from holdfast.operations.naming import tables_named
from holdfast.operations.restoration_refusals import refuse_nonsense, without_rows
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
        with chosen(selector, alias, location, board, whole=_is_whole(options)) as choice:
            options["tables"] = tables_named(choice.manifest, options.get("tables", ()))
            refuse_nonsense(choice, options)
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
    board = NoticeBoard(on_event)
    with ExitStack() as held:
        with own_errors():
            choice = held.enter_context(chosen(selector, alias, location, board, whole=_is_whole(options)))
            options["tables"] = tables_named(choice.manifest, options.get("tables", ()))
        refuse_nonsense(choice, options)
        return _restore(choice, options, board, on_event)


def _restore(choice: Choice, options: RestoreOptions, board: NoticeBoard, on_event: OnEvent | None) -> RestoreReport:
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
    warnings = [*choice.remarks, *document["warnings"], *notices, *project.differences(choice.manifest["django"])]
    if plan["scope"] == "full" and not plan["tables"] and choice.manifest["content"] == "full":
        touched = {table["label"] for table in document["tables"]}
        without = [label for label in without_rows(choice) if label in touched]
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
