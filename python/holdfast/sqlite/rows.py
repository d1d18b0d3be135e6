"""Copy the rows of one table out of the backup that is attached to a live connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.sqlite.live import quoted

if TYPE_CHECKING:
    import sqlite3

# The schema that the private file is attached as.
BACKUP = "holdfast_backup"


def replace_rows(live: sqlite3.Connection, table: str) -> None:
    """Make the rows of a table those of the backup, without a trigger that fires."""
    triggers = live.execute(
        # SQLite notes the name as the trigger writes it.
        "SELECT name, sql FROM main.sqlite_master WHERE type = 'trigger' AND lower(tbl_name) = lower(?)",
        [table],
    ).fetchall()
    for name, _ in triggers:
        live.execute(f"DROP TRIGGER main.{quoted(name)}")
    live.execute(f"DELETE FROM main.{quoted(table)}")
    copy_rows(live, table)
    for _, statement in triggers:
        live.execute(statement)


def copy_rows(live: sqlite3.Connection, table: str) -> None:
    """Copy them into a table that is empty."""
    names = [quoted(name) for name in columns(live, BACKUP, table)]
    listed = ", ".join([*_hidden_key(live, table), *names])
    name = quoted(table)
    live.execute(f"INSERT INTO main.{name} ({listed}) SELECT {listed} FROM {BACKUP}.{name}")


def _hidden_key(live: sqlite3.Connection, table: str) -> list[str]:
    """Give the name of the row number where no column is one: a full-text index may refer to it."""
    taken: set[str] = set()
    for schema in (BACKUP, "main"):
        columns = live.execute(f"PRAGMA {schema}.table_xinfo({quoted(table)})").fetchall()
        if not _numbers_rows_itself(live, schema, table, has_key=any(row[5] for row in columns)):
            return []
        taken |= {name.lower() for _, name, *_ in columns}
    return [name for name in ("rowid", "_rowid_", "oid") if name not in taken][:1]


def _numbers_rows_itself(live: sqlite3.Connection, schema: str, table: str, *, has_key: bool) -> bool:
    tables = live.execute(f"PRAGMA {schema}.table_list({quoted(table)})").fetchall()
    if any(row[0] == schema and row[4] for row in tables):
        return False
    # A key that is the row number needs no index. Its type does not tell: INTEGER PRIMARY KEY DESC is another column.
    indexes = live.execute(f"PRAGMA {schema}.index_list({quoted(table)})").fetchall()
    return not has_key or any(row[3] == "pk" for row in indexes)


def columns(live: sqlite3.Connection, schema: str, table: str) -> dict[str, bool]:
    """Give the columns that take values (generated ones do not), with whether they must be given one."""
    rows = live.execute(f"PRAGMA {schema}.table_xinfo({quoted(table)})").fetchall()
    return {
        name: bool(required) and default is None and not key
        for _, name, _, required, default, key, hidden in rows
        if hidden == 0
    }


def copy_counter(live: sqlite3.Connection, table: str) -> None:
    """Set the AUTOINCREMENT counter; SQLite makes its table with the first table that needs one."""
    exists = "SELECT count(*) FROM {}.sqlite_master WHERE name = 'sqlite_sequence'"
    if not _value(live, exists.format("main")):
        return
    live.execute("DELETE FROM main.sqlite_sequence WHERE lower(name) = lower(?)", [table])
    if _value(live, exists.format(BACKUP)):
        # SQLite looks for it under the name as the table's definition here writes it.
        copy = (
            "INSERT INTO main.sqlite_sequence SELECT present.name, kept.seq "
            f"FROM {BACKUP}.sqlite_sequence AS kept JOIN main.sqlite_master AS present "
            "ON present.type = 'table' AND lower(present.name) = lower(kept.name) WHERE lower(kept.name) = lower(?)"
        )
        live.execute(copy, [table])


def _value(live: sqlite3.Connection, sql: str) -> int:
    return int(live.execute(sql).fetchone()[0])
