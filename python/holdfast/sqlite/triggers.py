"""What the triggers of a database write, as SQLite itself compiles them; nothing is run."""

from __future__ import annotations

import re
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from holdfast.sqlite.explanations import is_about_the_statement
from holdfast.sqlite.live import quoted
from holdfast.sqlite.stand_ins import stand_ins

if TYPE_CHECKING:
    from collections.abc import Iterator

# SQLite tells of the row that such a statement inserts, or any into such a table, and not of the one that it removes.
_REPLACES = re.compile(r"\breplace\s+into\b|\bor\s+replace\b", re.IGNORECASE)
_REPLACES_ROWS = re.compile(r"\bon\s+conflict\s+replace\b", re.IGNORECASE)
_WRITES = frozenset({sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE})
# Action, table, column or nothing, database, trigger or view.
_Action = tuple[int, str | None, str | None, str | None, str | None]


@dataclass
class Written:
    """What the triggers of one table write: tables with state of their own, and logs that are only appended to."""

    kept: set[str] = field(default_factory=set)
    logs: set[str] = field(default_factory=set)
    # Why that could not be found out.
    errors: list[str] = field(default_factory=list)


def written_by_triggers(live: sqlite3.Connection, schema: str) -> dict[str, Written]:
    """Tell it of every table with triggers; all names are in lower case."""
    triggers = live.execute(f"SELECT name, tbl_name, sql FROM {schema}.sqlite_master WHERE type = 'trigger'").fetchall()
    replacing = {name for name, _, definition in triggers if _REPLACES.search(definition)}
    tables = dict(live.execute(f"SELECT name, sql FROM {schema}.sqlite_master WHERE type = 'table'").fetchall())
    unique = {table.lower() for table, definition in tables.items() if _REPLACES_ROWS.search(definition or "")}
    with_triggers = {table.lower() for _, table, _ in triggers}
    found = {
        table.lower(): _written(live, schema, table, replacing) for table in tables if table.lower() in with_triggers
    }
    for written in found.values():
        # What is written through a view is told by the triggers of the view.
        written.kept |= written.logs & unique
        written.logs -= unique
        written.kept &= {table.lower() for table in tables}
        written.logs &= {table.lower() for table in tables}
    return found


def tables_read(live: sqlite3.Connection, schema: str, name: str) -> set[str]:
    """Tell which tables a table or view shows, in lower case."""
    with _watched(live) as actions, stand_ins(live) as run:
        try:
            run(f"EXPLAIN SELECT * FROM {schema}.{quoted(name)}")
        except live.OperationalError as error:
            if not is_about_the_statement(error):
                raise
            # There is no such table, or a view of it that does not work: its name is all there is.
            return {name.lower()}
    return {(table or "").lower() for action, table, *_ in actions if action == sqlite3.SQLITE_READ}


def _written(live: sqlite3.Connection, schema: str, table: str, replacing: set[str]) -> Written:
    name = f"{schema}.{quoted(table)}"
    rows = live.execute(f"PRAGMA {schema}.table_xinfo({quoted(table)})").fetchall()
    values = ", ".join(f"{quoted(row[1])} = {quoted(row[1])}" for row in rows if row[6] == 0)
    result = Written()
    with _watched(live) as actions, stand_ins(live) as run:
        for change in (f"INSERT INTO {name} DEFAULT VALUES", f"UPDATE {name} SET {values}", f"DELETE FROM {name}"):
            try:
                run(f"EXPLAIN {change}")
            except live.DatabaseError as error:
                if not is_about_the_statement(error):
                    raise
                result.errors.append(str(error))
    for action, target, _, database, trigger in actions:
        if action in _WRITES and target and trigger and database == schema:
            appends = action == sqlite3.SQLITE_INSERT and trigger not in replacing
            (result.logs if appends else result.kept).add(target.lower())
    result.logs -= result.kept
    return result


@contextmanager
def _watched(live: sqlite3.Connection) -> Iterator[set[_Action]]:
    """Collect what the statements that are compiled meanwhile would do."""
    actions: set[_Action] = set()

    def note(*action: object) -> int:
        actions.add(action)  # type: ignore[arg-type]
        return sqlite3.SQLITE_OK

    live.set_authorizer(note)
    try:
        yield actions
    finally:
        live.set_authorizer(None)
