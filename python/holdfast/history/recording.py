"""Records runs: in the audit log first, which is the truth, then in the table.

Nothing here ever fails a backup or a restore: what cannot be recorded is said in the log `holdfast`.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from uuid import uuid4

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from holdfast import conf
from holdfast.conf import Configuration
from holdfast.exceptions import DatabaseError, HoldfastError, Interrupted, PartlyDone, UsageError
from holdfast.history import actor, audit, table
from holdfast.history.run import Operation, Result, Run, now
from holdfast.stores import LOCAL
from holdfast.trouble import is_trouble
from holdfast.visible import logger_of

logger = logger_of("holdfast")

_LONGEST_ERROR = 2_000


@contextmanager
def recorded(
    operation: Operation, alias: str, *, kind: str = "", backup: str = "", location: str = ""
) -> Iterator[Run]:
    """Record what happens in this block as one run; the block tells it what it learns.

    A block that raises has failed, was cancelled or refused; one that raises PartlyDone is partly done; any other
    one is done, unless it says something else.
    """
    run = Run(uuid4().hex, operation, alias, now(), kind=kind, backup=backup, location=location, **actor.present())
    _log("started", run)
    began = time.monotonic()
    failure: BaseException | None = None
    try:
        yield run
        if run.result == "started":
            run.result = "done"
    except BaseException as error:
        failure = error
        run.result = _result(error)
        run.error = describe(error)
        raise
    finally:
        run.finished, run.seconds = now(), round(time.monotonic() - began, 3)
        _log("ended", run)
        # A database that has just refused us would keep us waiting once more; the log has what the table lacks.
        if not isinstance(failure, DatabaseError):
            _tabulate([run])


def _result(error: BaseException) -> Result:
    if isinstance(error, PartlyDone):
        return "partly"
    if is_trouble(error):
        return "failed"
    return "refused" if isinstance(error, UsageError) else "cancelled"


def describe(error: BaseException) -> str:
    """Tell of an error what may be stored: our own messages hold no secret, those of others may."""
    if isinstance(error, KeyboardInterrupt | Interrupted):
        return "interrupted"
    if isinstance(error, HoldfastError):
        return error.message[:_LONGEST_ERROR]
    return f"{type(error).__name__}: see the program's own output"


def rebuild() -> None:
    """Bring the table up to the audit log and the backups that there are; nothing where it cannot be had."""
    _tabulate(())


def runs(alias: str | None = None, operation: Operation | None = None, limit: int = 100) -> tuple[Run, ...]:
    """Give what was done, the newest first: out of the table, or out of the audit log where that cannot be had."""
    configuration = conf.load()
    if configuration.history:
        try:
            home = table.connection()
            if not home.in_atomic_block and table.is_within_reach(home):
                with table.session(home):
                    _complete(configuration, home, ())
                    return table.find(home, alias, operation, limit)
        except Exception:
            # Whatever the database or a router does, the log tells the same.
            logger.info("the table of runs cannot be read; the audit log is read instead", exc_info=True)
    chosen = [
        run
        for run in merged(audit.records(configuration.directory))
        if alias in (None, run.alias) and operation in (None, run.operation)
    ]
    # Of two that began in one moment, what was logged later is the newer one.
    return tuple(sorted(chosen, key=lambda run: run.started)[::-1][:limit])


def merged(records: Iterable[audit.Record]) -> list[Run]:
    """Make one run of what the audit log says when it begins and when it ends; a record that is none is left out."""
    found: dict[str, Run] = {}
    unreadable: list[ValueError] = []
    for record in records:
        if "id" not in record:
            continue
        try:
            run = Run.from_document(record)
        except ValueError as error:
            unreadable.append(error)
        else:
            found[run.id] = run
    if unreadable:
        logger.warning(
            "records of the audit log were left out that cannot be understood: %d, the first because %s",
            len(unreadable),
            unreadable[0],
        )
    return list(found.values())


def _log(event: str, run: Run) -> None:
    try:
        audit.append(conf.load().directory, {"event": event, **run.as_record()})
    except (OSError, HoldfastError) as error:
        logger.warning("the %s of %s was not written to the audit log: %s", run.operation, run.alias, error)


def _tabulate(extra: Sequence[Run]) -> None:
    try:
        configuration = conf.load()
        if not configuration.history:
            return
        home = table.connection()
        if table.is_within_reach(home):
            # At once, or when the transaction that is open has been committed; from one that fails, the next run
            # takes over what the audit log has.
            transaction.on_commit(partial(_complete_quietly, configuration, home, extra), using=home.alias)
    except Exception as error:  # noqa: BLE001 - a router of the project's own, a dummy engine, a database that is gone
        _excuse(error)


def _complete_quietly(configuration: Configuration, home: BaseDatabaseWrapper, extra: Sequence[Run]) -> None:
    try:
        with table.session(home):
            _complete(configuration, home, extra)
    except Exception as error:  # noqa: BLE001 - as below
        if _is_merely_missing(home):
            logger.info("the table of runs is not there yet: run `manage.py migrate`")
        else:
            _excuse(error)


def _complete(configuration: Configuration, home: BaseDatabaseWrapper, extra: Sequence[Run]) -> None:
    """Add what the table lacks: after a restore it is as old as the backup was."""
    records, is_everything = audit.latest(configuration.directory)
    logged = merged(records)
    lacking = table.missing(home, [*logged, *extra])
    # Where it has the oldest of the latest runs, it has all before them too.
    reaches_back = logged and logged[0] not in lacking
    if not is_everything and not reaches_back:
        logged = merged(audit.records(configuration.directory))
        lacking = table.missing(home, [*logged, *extra])
    if not reaches_back:
        lacking += _from_backups(
            {run.backup for run in logged if run.operation == "backup"} | table.known_backups(home)
        )
    if lacking:
        table.store(home, lacking)


def _from_backups(known: set[str]) -> list[Run]:
    """Make runs of the backups that nobody has recorded: older than the history, or brought here by hand."""
    from holdfast.operations import list_backups  # noqa: PLC0415 - operations record themselves with this module

    # Not those of the stores: a run must not wait for a network to write what it has done.
    backups = [backup for backup in list_backups(location=LOCAL) if backup.id and backup.name not in known]
    # By way of a record, so that what no table takes is left out here too: a manifest may hold any number.
    return merged(
        {
            "id": backup.id,
            "operation": "backup",
            "alias": backup.alias,
            "started": backup.created,
            "kind": backup.kind,
            "backup": backup.name,
            "location": ",".join(backup.locations),
            "result": "done",
            "stored_size": backup.stored_size,
            "raw_size": backup.raw_size,
            "rows": backup.rows,
        }
        for backup in backups
    )


def _is_merely_missing(home: BaseDatabaseWrapper) -> bool:
    try:
        return not table.is_there(home)
    except Exception:  # noqa: BLE001 - then it is the database that is gone, and the first error says so
        return False


def _excuse(error: Exception) -> None:
    said = str(error).strip().partition("\n")[0] or type(error).__name__
    logger.warning("the run was not written to the table of runs: %s; the audit log has it", said)
