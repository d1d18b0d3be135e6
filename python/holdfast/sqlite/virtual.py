"""Virtual tables: which there are, what their rows live in, and how they come back; refuses those of another shape."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from holdfast.exceptions import RestoreFailed, UnsupportedObject
from holdfast.sqlite.explanations import is_about_the_statement
from holdfast.sqlite.live import quoted
from holdfast.sqlite.rows import copy_counter, replace_rows

if TYPE_CHECKING:
    import sqlite3

# FTS4 and FTS5 alike: content=post, content='post', content="post". Empty: the index keeps no text at all.
_CONTENT = re.compile(
    r"""[(,]\s*content\s*=\s*(?:'([^']*)'|"([^"]*)"|\[([^]]*)\]|`([^`]*)`|([^,'"\s)]+))""", re.IGNORECASE
)
# Past the name, which may hold anything where it is quoted.
_MODULE = re.compile(
    r"""create\s+virtual\s+table\s+(?:"(?:[^"]|"")*"|'(?:[^']|'')*'|`(?:[^`]|``)*`|\[[^]]*\]|[^\s"'`\[]+)\s*using\s+["'`\[]?(\w+)""",
    re.IGNORECASE,
)
# SQLite itself takes some for ordinary tables (those of sqlite-vec with two words behind the name, and where another
# file has a table of the owner's name), and one that is missed would make the others worthless.
_FULL_TEXT_4 = "content|segments|segdir|docsize|stat"
_BOXES = "node|parent|rowid"
_SHADOWS = {
    "fts5": "data|idx|content|docsize|config",
    "fts4": _FULL_TEXT_4,
    "fts3": _FULL_TEXT_4,
    "rtree": _BOXES,
    "rtree_i32": _BOXES,
    "geopoly": _BOXES,
    "vec0": r"info|chunks|rowids|auxiliary|vector_chunks\d+|metadatachunks\d+|metadatatext\d+",
}


@dataclass(frozen=True)
class VirtualTable:
    """One of them, as its definition tells."""

    name: str
    definition: str
    # Tables in which its module keeps its rows; of a module that is not known, all that are named after it.
    shadows: tuple[str, ...]
    # Whether these are all, and no others.
    is_known: bool
    # The table or view whose text a full-text index only indexes.
    content: str | None


def virtual_tables(live: sqlite3.Connection, schema: str) -> dict[str, VirtualTable]:
    """Find all virtual tables of a database file, by their names in lower case."""
    rows = live.execute(
        f"SELECT name, sql FROM {schema}.sqlite_master WHERE type = 'table' AND rootpage = 0"
    ).fetchall()
    tables = [
        name
        for (name,) in live.execute(
            f"SELECT name FROM {schema}.sqlite_master WHERE type = 'table' AND rootpage > 0 ORDER BY 1"
        )
    ]
    found = {}
    for name, definition in rows:
        module = _module(definition)
        pattern = re.compile(f"{re.escape(name)}_({_SHADOWS.get(module, '.*')})", re.IGNORECASE)
        shadows = tuple(table for table in tables if pattern.fullmatch(table))
        found[name.lower()] = VirtualTable(name, definition, shadows, module in _SHADOWS, _content(definition))
    return found


def _module(definition: str) -> str:
    found = _MODULE.match(definition)
    return found[1].lower() if found else ""


def _content(definition: str) -> str | None:
    module = _MODULE.match(definition)
    found = _CONTENT.search(definition, module.end()) if module and module[1].lower().startswith("fts") else None
    return next((name for name in found.groups() if name), None) if found else None


def rebuild(live: sqlite3.Connection, table: VirtualTable) -> None:
    """Let a full-text index read the text that it only indexes."""
    name = quoted(table.name)
    try:
        live.execute(f"INSERT INTO main.{name} ({name}) VALUES ('rebuild')")
    except live.DatabaseError as error:
        if not is_about_the_statement(error):
            raise
        message = f"the full-text index {table.name} cannot be rebuilt, and would keep the words of old rows: {error}"
        raise RestoreFailed(
            message, "Drop it first and create it again afterwards, or restore the whole database."
        ) from error


def refuse_other_shape(live: sqlite3.Connection, table: VirtualTable) -> None:
    """Fail where rows alone cannot come back."""
    if not _is_present(live, table):
        message = f"the virtual table {table.name} is missing or defined otherwise, so its rows cannot come back alone"
        raise UnsupportedObject(message, "Restore it with its definition (--table), or the whole database.")


def replace(live: sqlite3.Connection, table: VirtualTable) -> None:
    """Make a virtual table, with all that its module keeps, equal to that of the backup."""
    if not _is_present(live, table):
        try:
            live.execute(f"DROP TABLE IF EXISTS main.{quoted(table.name)}")
            live.execute(table.definition)
        except live.OperationalError as error:
            if not is_about_the_statement(error):
                raise
            message = f"the virtual table {table.name} cannot be made: {error}"
            raise UnsupportedObject(
                message, "Restore the whole database: that needs nothing of the application."
            ) from error
    for shadow in table.shadows:
        # Even these may have triggers: sqlite-utils counts the rows of every table.
        replace_rows(live, shadow)
        copy_counter(live, shadow)


def _is_present(live: sqlite3.Connection, table: VirtualTable) -> bool:
    present = "SELECT 1 FROM main.sqlite_master WHERE type = 'table' AND lower(name) = lower(?) AND sql = ?"
    return live.execute(present, [table.name, table.definition]).fetchone() is not None
