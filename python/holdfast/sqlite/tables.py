"""Bring single tables back from a private file, in one transaction; refuses virtual tables."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from holdfast import commitment
from holdfast.exceptions import UnsupportedObject, UsageError
from holdfast.sqlite.copying import refuse_open_transaction
from holdfast.sqlite.foreign_keys import refuse_new, violations
from holdfast.sqlite.interrupts import uninterrupted
from holdfast.sqlite.live import Access, connected, location, quoted, uri

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from django.db.backends.base.base import BaseDatabaseWrapper

    Mode = Literal["full", "data-only"]

_BACKUP = "holdfast_backup"
# Virtual machine steps of SQLite between two looks at Ctrl-C: some hundredths of a second.
_STEPS_BETWEEN_SIGNALS = 1_000_000


def current_counts(connection: BaseDatabaseWrapper) -> dict[str, int]:
    """Count the rows of every table that has pages of its own, by its name."""
    if not location(connection)[0].exists():
        return {}
    with connected(connection, Access.READ) as live:
        names = live.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0 "
            r"AND (name NOT LIKE 'sqlite\_%' ESCAPE '\' OR name = 'sqlite_sequence') ORDER BY name"
        ).fetchall()
        return {name: _value(live, f"SELECT count(*) FROM {quoted(name)}") for (name,) in names}


def replace_tables(
    connection: BaseDatabaseWrapper,
    private: Path,
    tables: Sequence[str],
    mode: Mode,
    *,
    timeout_seconds: float | None = None,
) -> None:
    """Make these tables of the live database equal to those of a private file, or only their rows.

    All in one transaction, which fails where it would leave foreign keys without their row that were not without it
    before. Triggers do not fire.
    """
    refuse_open_transaction(connection)
    connection.close()
    with connected(connection, Access.WRITE, timeout_seconds) as live:
        live.execute(f"ATTACH DATABASE ? AS {_BACKUP}", [uri(private, Access.READ)])
        live.execute("PRAGMA foreign_keys = OFF")
        # A Python callback is where Ctrl-C gets in; without one it waits for the end of the statement.
        live.set_progress_handler(lambda: 0, _STEPS_BETWEEN_SIGNALS)
        with _transaction(live):
            before = violations(live, tables)
            for table in tables:
                _refuse_unsuitable(live, table, mode)
            for table in tables:
                if mode == "full":
                    _replace_definition(live, table)
                else:
                    _replace_rows(live, table)
                _copy_counter(live, table)
            refuse_new(violations(live, tables) - before, tables)


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
    backup = f"SELECT rootpage FROM {_BACKUP}.sqlite_master WHERE type = 'table' AND name = ?"
    pages = live.execute(backup, [table]).fetchone()
    if pages is None:
        message = f"the backup has no table {table!r}"
        raise UsageError(message, "Name a table as `list_backups` shows it.")
    if pages[0] == 0 or _is_shadow(live, table):
        message = f"{table!r} is a virtual table or belongs to one, which cannot be restored alone"
        raise UnsupportedObject(message, "Restore the whole database.")
    if mode == "data-only":
        _refuse_columns(live, table)


def _refuse_columns(live: sqlite3.Connection, table: str) -> None:
    wanted, present = _columns(live, _BACKUP, table), _columns(live, "main", table)
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
        f"SELECT sql FROM {_BACKUP}.sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL "
        "ORDER BY CASE type WHEN 'table' THEN 1 WHEN 'index' THEN 2 ELSE 3 END, rowid",
        [table],
    ).fetchall()
    live.execute(definition)
    _copy_rows(live, table)
    for (statement,) in rest:
        live.execute(statement)


def _replace_rows(live: sqlite3.Connection, table: str) -> None:
    triggers = live.execute(
        "SELECT name, sql FROM main.sqlite_master WHERE type = 'trigger' AND tbl_name = ?", [table]
    ).fetchall()
    for name, _ in triggers:
        live.execute(f"DROP TRIGGER main.{quoted(name)}")
    live.execute(f"DELETE FROM main.{quoted(table)}")
    _copy_rows(live, table)
    for _, statement in triggers:
        live.execute(statement)


def _copy_rows(live: sqlite3.Connection, table: str) -> None:
    names = [quoted(name) for name in _columns(live, _BACKUP, table)]
    columns = ", ".join([*_hidden_key(live, table), *names])
    name = quoted(table)
    live.execute(f"INSERT INTO main.{name} ({columns}) SELECT {columns} FROM {_BACKUP}.{name}")


def _hidden_key(live: sqlite3.Connection, table: str) -> list[str]:
    """Give the name of the row number where no column is one: a full-text index may refer to it."""
    tables = live.execute(f"PRAGMA {_BACKUP}.table_list({quoted(table)})").fetchall()
    without_rowid = any(row[0] == _BACKUP and row[4] for row in tables)
    columns = live.execute(f"PRAGMA {_BACKUP}.table_xinfo({quoted(table)})").fetchall()
    if without_rowid or any(kind.upper() == "INTEGER" and key for _, _, kind, _, _, key, _ in columns):
        return []
    taken = {name.lower() for _, name, *_ in columns}
    return [name for name in ("rowid", "_rowid_", "oid") if name not in taken][:1]


def _copy_counter(live: sqlite3.Connection, table: str) -> None:
    """Set the AUTOINCREMENT counter; SQLite makes its table with the first table that needs one."""
    exists = "SELECT count(*) FROM {}.sqlite_master WHERE name = 'sqlite_sequence'"
    if not _value(live, exists.format("main")):
        return
    live.execute("DELETE FROM main.sqlite_sequence WHERE name = ?", [table])
    if _value(live, exists.format(_BACKUP)):
        copy = f"INSERT INTO main.sqlite_sequence SELECT name, seq FROM {_BACKUP}.sqlite_sequence WHERE name = ?"
        live.execute(copy, [table])


def _columns(live: sqlite3.Connection, schema: str, table: str) -> dict[str, bool]:
    """Give the columns that take values (generated ones do not), with whether they must be given one."""
    rows = live.execute(f"PRAGMA {schema}.table_xinfo({quoted(table)})").fetchall()
    return {
        name: bool(required) and default is None and not key
        for _, name, _, required, default, key, hidden in rows
        if hidden == 0
    }


def _is_shadow(live: sqlite3.Connection, table: str) -> bool:
    rows = live.execute(f"PRAGMA {_BACKUP}.table_list({quoted(table)})").fetchall()
    return any(schema == _BACKUP and kind == "shadow" for schema, _, kind, *_ in rows)


def _value(live: sqlite3.Connection, sql: str) -> int:
    return int(live.execute(sql).fetchone()[0])
