"""Bring single tables back from a private file, in one transaction, with what triggers keep beside them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from holdfast import commitment
from holdfast.exceptions import UsageError
from holdfast.sqlite import virtual
from holdfast.sqlite.companions import companions
from holdfast.sqlite.copying import refuse_open_transaction
from holdfast.sqlite.foreign_keys import refuse_new, violations
from holdfast.sqlite.interrupts import uninterrupted
from holdfast.sqlite.live import Access, Setup, connected, location, quoted, uri
from holdfast.sqlite.rows import BACKUP, columns, copy_counter, copy_rows, replace_rows
from holdfast.sqlite.stand_ins import stand_ins

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from django.db.backends.base.base import BaseDatabaseWrapper

    Mode = Literal["full", "data-only"]

# Virtual machine steps of SQLite between two looks at Ctrl-C: some hundredths of a second.
_STEPS_BETWEEN_SIGNALS = 1_000_000


def current_counts(connection: BaseDatabaseWrapper) -> dict[str, int]:
    """Count the rows of every table that has pages of its own, by its name."""
    if not location(connection)[0].exists():
        return {}
    with connected(connection, Access.READ) as live:
        names = live.execute(
            "SELECT name FROM main.sqlite_master WHERE type = 'table' AND rootpage > 0 "
            r"AND (name NOT LIKE 'sqlite\_%' ESCAPE '\' OR name = 'sqlite_sequence') ORDER BY name"
        ).fetchall()
        # Whoever counts needs none of the application's functions and collations, which may be lost with its tables.
        with stand_ins(live) as run:
            return {name: int(run(f"SELECT count(*) FROM main.{quoted(name)}")[0][0]) for (name,) in names}  # type: ignore[call-overload]


def replace_tables(
    connection: BaseDatabaseWrapper,
    private: Path,
    tables: Sequence[str],
    mode: Mode,
    *,
    timeout_seconds: float | None = None,
) -> list[str]:
    """Make these tables of the live database equal to those of a private file, or only their rows.

    All in one transaction, which fails where it would leave foreign keys without their row that were not without it
    before. Triggers do not fire; what they keep in virtual tables comes back too, and what they keep elsewhere must be
    among the tables. Tells what is worth knowing.
    """
    refuse_open_transaction(connection)
    connection.close()
    with connected(connection, Access.WRITE, timeout_seconds, Setup.APPLICATION) as live:
        live.execute(f"ATTACH DATABASE ? AS {BACKUP}", [uri(private, Access.READ)])
        live.execute("PRAGMA foreign_keys = OFF")
        # A Python callback is where Ctrl-C gets in; without one it waits for the end of the statement.
        live.set_progress_handler(lambda: 0, _STEPS_BETWEEN_SIGNALS)
        with _transaction(live):
            before = violations(live, tables)
            together = companions(live, tables, mode)
            for table in together.tables:
                _refuse_unsuitable(live, table, mode)
            for index in together.replaced if mode == "data-only" else ():
                virtual.refuse_other_shape(live, index)
            for table in together.tables:
                if mode == "full":
                    _replace_definition(live, table)
                else:
                    replace_rows(live, table)
                copy_counter(live, table)
            for index in together.replaced:
                virtual.replace(live, index)
            for index in together.rebuilt:
                virtual.rebuild(live, index)
            refuse_new(violations(live, tables) - before, tables)
    return together.warnings


@contextmanager
def _transaction(live: sqlite3.Connection) -> Iterator[None]:
    live.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        # SQLite has already ended it after some errors, a full disk for one.
        if live.in_transaction:
            live.rollback()
        raise
    with uninterrupted():
        live.execute("COMMIT")
        commitment.record()


def _refuse_unsuitable(live: sqlite3.Connection, table: str, mode: Mode) -> None:
    backup = f"SELECT 1 FROM {BACKUP}.sqlite_master WHERE type = 'table' AND name = ?"
    if live.execute(backup, [table]).fetchone() is None:
        message = f"the backup has no table {table!r}"
        raise UsageError(message, "Name a table as `list_backups` shows it.")
    if mode == "data-only":
        _refuse_columns(live, table)


def _refuse_columns(live: sqlite3.Connection, table: str) -> None:
    wanted, present = columns(live, BACKUP, table), columns(live, "main", table)
    if not present:
        message = f"the database has no table {table!r} to take the rows"
        raise UsageError(message, "Migrate first, or restore the table with its definition.")
    if missing := [name for name in wanted if name not in present]:
        message = f"table {table!r} has no column {', '.join(missing)}, but the backup does"
        raise UsageError(message, "Migrate first, or restore the table with its definition.")
    if new := [name for name, required in present.items() if required and name not in wanted]:
        message = f"the backup of table {table!r} has no values for its column {', '.join(new)}"
        raise UsageError(message, "Restore the table with its definition, then migrate.")


def _replace_definition(live: sqlite3.Connection, table: str) -> None:
    live.execute(f"DROP TABLE IF EXISTS main.{quoted(table)}")
    # Indexes and triggers come after the rows: a trigger would fire for each of them.
    (definition,), *rest = live.execute(
        f"SELECT sql FROM {BACKUP}.sqlite_master WHERE lower(tbl_name) = lower(?) AND sql IS NOT NULL "
        "ORDER BY CASE type WHEN 'table' THEN 1 WHEN 'index' THEN 2 ELSE 3 END, rowid",
        [table],
    ).fetchall()
    live.execute(definition)
    copy_rows(live, table)
    for (statement,) in rest:
        live.execute(statement)
