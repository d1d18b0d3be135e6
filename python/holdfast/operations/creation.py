"""Makes backups."""

import glob
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any, Unpack

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from holdfast import _core, clock, conf, databases, plans, signals, sqlite
from holdfast.compression import Compression
from holdfast.conf import Configuration
from holdfast.exceptions import HoldfastError, LockHeld, UsageError
from holdfast.history import Run, recorded
from holdfast.kinds import is_kind
from holdfast.operations.session import exclusive, own_errors, private_file
from holdfast.plans import BackupOptions
from holdfast.progress import CopyProgress, NoticeBoard, OnEvent
from holdfast.reports import Report
from holdfast.stores import LOCAL


def backup(alias: str | None = None, *, on_event: OnEvent | None = None, **options: Unpack[BackupOptions]) -> Report:
    """Make a backup of one database; it exists when this returns, and not at all when it raises."""
    configuration = conf.load()
    connection = databases.connection_for(alias or databases.default_alias(configuration.databases))
    _refuse_nonsense(options)
    with ExitStack() as held:
        try:
            held.enter_context(exclusive(configuration.directory, connection.alias, "backup"))
        except LockHeld:
            # The one that holds it makes a backup, or says why not.
            raise
        except HoldfastError as error:
            tell_failure(connection.alias, options.get("kind", "manual"), error)
            raise
        return make(connection, configuration, options, on_event)


def tell_failure(alias: str, kind: str, error: BaseException) -> None:
    """Tell whoever listens that a backup did not come about, also where it could not even begin."""
    signals.tell(signals.backup_failed, alias=alias, kind=kind, error=error)


def make(
    connection: BaseDatabaseWrapper,
    configuration: Configuration,
    options: BackupOptions,
    on_event: OnEvent | None,
) -> Report:
    """Make a backup for somebody who holds the lock."""
    about: dict[str, Any] = {"alias": connection.alias, "kind": options.get("kind", "manual")}
    signals.tell(signals.backup_started, **about)
    board = NoticeBoard(on_event)
    try:
        with recorded("backup", **about) as run, own_errors():
            document = _written(connection, configuration, options, board)
            report = Report.from_document(document, tuple(board.notices))
            run.backup, run.rows = report.name, report.rows
            run.stored_size, run.raw_size = report.stored_size, report.raw_size
            _tell_copies(run, report, options)
    except BaseException as error:
        tell_failure(error=error, **about)
        raise
    if report.location != LOCAL:
        _use_up(report.created)
    signals.tell(signals.backup_finished, report=report, **about)
    return report


def _tell_copies(run: Run, report: Report, options: BackupOptions) -> None:
    lacking = {missing.store for missing in report.missing}
    run.location = ",".join([report.location, *(store for store in options.get("upload", ()) if store not in lacking)])
    if report.missing:
        run.result = "partly"
        run.error = "; ".join(f"not in {missing.store}: {missing.message}" for missing in report.missing)


def _written(
    connection: BaseDatabaseWrapper,
    configuration: Configuration,
    options: BackupOptions,
    on_event: OnEvent,
) -> dict[str, Any]:
    try:
        return _write(connection, configuration, options, on_event)
    except UsageError as error:
        if options.get("exclude_table_data") or options.get("upload") or options.get("location", LOCAL) != LOCAL:
            raise
        # Nobody asked for anything that could be mistyped: it would fail so every night, and be told to nobody.
        raise HoldfastError(error.message, error.hint) from error


def _write(
    connection: BaseDatabaseWrapper,
    configuration: Configuration,
    options: BackupOptions,
    on_event: OnEvent,
) -> dict[str, Any]:
    folder = configuration.directory
    created = _free_moment(folder, connection.alias)
    if connection.vendor != "sqlite":
        return _core.backup(plans.backup_plan(connection, configuration, created, options), on_event)
    with private_file(folder, connection.alias) as copy:
        sqlite.freeze(
            connection,
            copy,
            timeout_seconds=configuration.lock_timeout_seconds,
            progress=CopyProgress(on_event),
        )
        _tell_attached(connection, on_event)
        return _core.backup(plans.backup_plan(connection, configuration, created, options, copy), on_event)


def _tell_attached(connection: BaseDatabaseWrapper, on_event: OnEvent) -> None:
    """Say which files the application has in its connections and not in this backup, unless they have an alias."""
    try:
        attached = sqlite.attached_files(connection)
    except HoldfastError as error:
        # The backup needs nothing of the application; whoever restores a part of it will.
        on_event({"event": "notice", "text": error.message})
        return
    named = {sqlite.location(connections[alias])[0] for alias in databases.sqlite_files()}
    for file in attached:
        if file.resolve() not in {path.resolve() for path in named}:
            text = f"the application attaches {file}, which is not in this backup: give it an alias in DATABASES"
            on_event({"event": "notice", "text": text})


def _free_moment(folder: Path, alias: str) -> datetime:
    # Times go by the second; with two backups in one, of whatever kind, nobody could tell which is the latest.
    while True:
        now = clock.now()
        if not any(folder.glob(f"{glob.escape(alias)}_*_{now.strftime(plans.STAMP_FORMAT)}.*")):
            return now
        clock.sleep(1 - now.microsecond / 1_000_000)


def _use_up(created: str) -> None:
    # The folder, where the next backup looks for a free moment, does not know of one in a store.
    left = (datetime.fromisoformat(created) - clock.now()).total_seconds() + 1
    if 0 < left <= 1:
        clock.sleep(left)


def _refuse_nonsense(options: BackupOptions) -> None:
    kind = options.get("kind", "manual")
    if not is_kind(kind):
        raise UsageError(
            f"{kind!r} cannot be a kind of backup", "Use lower-case letters, digits and hyphens, such as 'daily'."
        )
    try:
        Compression.parse(options.get("compression", "gzip"))
    except ValueError as error:
        raise UsageError(str(error), "Write gzip, gzip:6, zstd or zstd:3.") from error
    if options.get("location", LOCAL) in options.get("upload", ()):
        raise UsageError(
            f"the store {options['location']!r} is the backup's home already", "Leave it out of the upload."
        )
    jobs = options.get("jobs")
    if jobs is not None and jobs < 1:
        raise UsageError(f"{jobs} jobs cannot do anything", "Give a number from 1, or leave it out.")
