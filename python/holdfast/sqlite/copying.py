"""Copy whole databases: a live one to a private file (freeze) and a private file into the live one (thaw)."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from holdfast import commitment
from holdfast.exceptions import RestoreFailed, UsageError
from holdfast.sqlite.explanations import locked
from holdfast.sqlite.interrupts import uninterrupted
from holdfast.sqlite.live import Access, connected, location, private_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from django.db.backends.base.base import BaseDatabaseWrapper

    Progress = Callable[[int, int], None]

# One step of a copy, between two looks at Ctrl-C.
_STEP_BYTES = 4 << 20


def freeze(
    connection: BaseDatabaseWrapper,
    destination: Path,
    *,
    timeout_seconds: float | None = None,
    progress: Progress | None = None,
) -> None:
    """Copy the committed state of a live database to a new private file.

    The copy comes through a connection of its own: rows that an open transaction of Django's connection has not
    committed are not in it, and that transaction goes on. One read transaction spans the copy, so that no writer can
    make it start again: in WAL mode writers go on, in the other modes they wait until it ends.

    Fails where the database stays locked for `timeout_seconds` (default: the alias's own timeout).
    """
    with connected(connection, Access.READ, timeout_seconds) as source:
        os.close(os.open(destination, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            with closing(private_file(source, destination, Access.WRITE)) as private:
                # Nobody relies on the copy before it is complete.
                private.execute("PRAGMA journal_mode = OFF")
                private.execute("PRAGMA synchronous = OFF")
                source.execute("BEGIN")
                source.execute("SELECT count(*) FROM sqlite_master").fetchone()
                _copy_in_steps(source, private, progress)
        except BaseException:
            destination.unlink(missing_ok=True)
            raise


def _copy_in_steps(source: sqlite3.Connection, private: sqlite3.Connection, progress: Progress | None) -> None:
    page_size = _number(source, "page_size")

    def step(_status: int, remaining: int, total: int) -> None:
        if progress is not None:
            progress((total - remaining) * page_size, total * page_size)

    source.backup(private, pages=_STEP_BYTES // page_size, progress=step)


def live_page_size(connection: BaseDatabaseWrapper) -> int | None:
    """Give the page size that a private file must have to be thawed; `None` where any will do.

    A database in WAL mode cannot change its page size.
    """
    path, _ = location(connection)
    if not path.exists():
        return None
    with connected(connection, Access.READ) as live:
        return _number(live, "page_size") if _journal_mode(live) == "wal" else None


def thaw(connection: BaseDatabaseWrapper, private: Path, *, timeout_seconds: float | None = None) -> None:
    """Make the live database equal to a private file, in one transaction: others see the old state or the new one.

    Other connections, of this process too, may stay open. The journal mode, the file's owner and its mode remain.
    Where there is no live file it is made. Whatever stops it, even `kill -9`, leaves the old state.

    It cannot be stopped with Ctrl-C: the transaction is one call into SQLite. A signal that comes meanwhile is dropped,
    for raised afterwards it would say that nothing was changed.
    """
    path, _ = location(connection)
    refuse_open_transaction(connection)
    connection.close()
    with (
        connected(connection, Access.CREATE, timeout_seconds) as live,
        closing(private_file(live, private, Access.READ)) as source,
    ):
        _refuse_page_size(source, live, path)
        live.execute("PRAGMA synchronous = FULL")

        def step(status: int, _remaining: int, _total: int) -> None:
            # SQLite has waited for the timeout by now; Python would try again for ever.
            if status in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                raise locked(path)

        with uninterrupted():
            source.backup(live, pages=-1, progress=step)
            commitment.record()
        # In WAL mode the log is now as large as the database. Readers may keep it so; it shrinks later then.
        live.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def refuse_open_transaction(connection: BaseDatabaseWrapper) -> None:
    """Fail inside `atomic()`: closing the connection would lose its changes, keeping it would block the restore."""
    if connection.in_atomic_block or (connection.connection is not None and connection.connection.in_transaction):
        message = f"database {connection.alias!r} has an open transaction in this process"
        raise UsageError(message, "Restore outside of atomic() and ATOMIC_REQUESTS.")


def _refuse_page_size(source: sqlite3.Connection, live: sqlite3.Connection, path: Path) -> None:
    page_size = _number(source, "page_size")
    if _journal_mode(live) == "wal" and _number(live, "page_size") != page_size:
        message = f"{path} is in WAL mode and cannot take pages of {page_size} bytes"
        raise RestoreFailed(message, "Build the private file with the page size of the live database.")


def _journal_mode(database: sqlite3.Connection) -> str:
    return str(database.execute("PRAGMA journal_mode").fetchone()[0])


def _number(database: sqlite3.Connection, pragma: str) -> int:
    return int(database.execute(f"PRAGMA {pragma}").fetchone()[0])
