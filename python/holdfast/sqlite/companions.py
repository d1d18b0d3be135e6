"""What triggers keep beside a table, and what comes back together with it; refuses what would no longer fit."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from holdfast.exceptions import UnsupportedObject
from holdfast.sqlite.rows import BACKUP
from holdfast.sqlite.triggers import Written, tables_read, written_by_triggers
from holdfast.sqlite.virtual import VirtualTable, virtual_tables

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    Mode = Literal["full", "data-only"]

# SpatiaLite notes there when a geometry was last written. Nothing depends on it.
_NOTES = frozenset({"geometry_columns_time"})
# A trigger that cannot run has kept nothing up to date.
_BROKEN = re.compile(r"no such (table|column)")
_WHOLE = "Restore the whole database."


@dataclass
class Companions:
    """What follows from the choice of tables, in the order in which it is done."""

    tables: list[str] = field(default_factory=list)
    replaced: list[VirtualTable] = field(default_factory=list)
    rebuilt: list[VirtualTable] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Databases:
    """What stands in the backup and in the database; every name in lower case."""

    stored: dict[str, VirtualTable]
    present: dict[str, VirtualTable]
    # What the triggers of each table write: those of the backup first, which will be there.
    written: list[dict[str, Written]]
    tables: set[str]


def companions(live: sqlite3.Connection, chosen: Sequence[str], mode: Mode) -> Companions:
    """Find what must come back with the chosen tables; a shadow table stands for its virtual table."""
    schemas = ["main"] if mode == "data-only" else [BACKUP, "main"]
    found = _Databases(
        virtual_tables(live, BACKUP),
        virtual_tables(live, "main"),
        [written_by_triggers(live, schema) for schema in schemas],
        {name.lower() for (name,) in live.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")},
    )
    owners = {
        shadow.lower(): table.name for table in found.stored.values() if table.is_known for shadow in table.shadows
    }
    names = list(dict.fromkeys(owners.get(name.lower(), name) for name in chosen))
    wanted = {name.lower() for name in names}
    result = Companions([name for name in names if name.lower() not in found.stored])
    following = wanted & set(found.stored)
    for table in result.tables:
        following |= _kept_beside(found, table, wanted, result)
    _add_virtual_tables(live, found, following, wanted, result)
    _warn_of_keepers(found, wanted, result)
    result.warnings = list(dict.fromkeys(result.warnings))
    return result


def _kept_beside(found: _Databases, table: str, wanted: set[str], result: Companions) -> set[str]:
    """Name the virtual tables that the table's triggers write; fail where they keep a table that stays."""
    following: set[str] = set()
    for written in found.written:
        writes = written.get(table.lower(), Written())
        for error in writes.errors:
            if not _BROKEN.search(error):
                message = f"what the triggers of {table} keep, and would no longer fit, cannot be told: {error}"
                raise UnsupportedObject(message, _WHOLE)
            result.warnings.append(f"what the triggers of {table} keep cannot be told: {error}")
        virtual = {name for name in writes.kept | writes.logs if name in found.stored or name in found.present}
        following |= virtual
        if writes.kept - virtual - wanted - _NOTES:
            missing = sorted(_all_kept(found, table.lower()) - wanted)
            message = f"the triggers of {table} keep {', '.join(missing)}, which would no longer fit"
            raise UnsupportedObject(message, f"Add {_options(missing)}, or restore the whole database.")
        for name in sorted(writes.logs - virtual - wanted):
            result.warnings.append(f"{name}, which the triggers of {table} write, stays as it is")
    return following


def _all_kept(found: _Databases, table: str) -> set[str]:
    """Name what the table's triggers keep, and the triggers of that, and so on: nobody should learn it one by one."""
    kept, new = {table}, {table}
    while new:
        written = [writes[name].kept for writes in found.written for name in new if name in writes]
        new = {name for names in written for name in names if name in found.tables} - kept - _NOTES - {*found.present}
        kept |= new
    return kept


def _options(tables: list[str]) -> str:
    return " ".join(f"--table {table}" for table in tables)


def _add_virtual_tables(
    live: sqlite3.Connection, found: _Databases, following: set[str], wanted: set[str], result: Companions
) -> None:
    for name in sorted({*found.stored, *found.present}):
        stored, present = found.stored.get(name), found.present.get(name)
        content = present.content if present else stored and stored.content
        if content:
            schema = "main" if present else BACKUP
            if name not in following and (present is None or not tables_read(live, schema, content) & wanted):
                continue
            fits = _fits_again(live, found, name, wanted)
            if stored is not None and (present is None or fits):
                result.replaced.append(stored)
            rebuilt = present or stored
            if rebuilt and not fits:
                result.rebuilt.append(rebuilt)
                result.warnings.append(f"{rebuilt.name} is built anew, and so from every row of {content}")
        elif name in following:
            _refuse_incomplete(found, name, wanted)
            # The tables of another module are among the chosen ones.
            result.replaced += [stored] if stored and stored.is_known else []


def _refuse_incomplete(found: _Databases, name: str, wanted: set[str]) -> None:
    """Fail where the backup has no such virtual table, or where it would hold rows of tables that stay as they are."""
    if name not in found.stored:
        message = f"triggers keep the virtual table {name}, which would no longer fit and is not in the backup"
        raise UnsupportedObject(message, "Drop it first, or restore the whole database.")
    stored = found.stored[name]
    if not stored.is_known and not {shadow.lower() for shadow in stored.shadows} <= wanted:
        message = f"which tables belong to the virtual table {name} knows only its module"
        raise UnsupportedObject(message, _WHOLE)
    if others := sorted(_writers(found, name) - wanted):
        message = f"the virtual table {name} is also kept by the triggers of {', '.join(others)}"
        raise UnsupportedObject(message, f"Add {_options(others)}, or restore the whole database.")


def _fits_again(live: sqlite3.Connection, found: _Databases, name: str, wanted: set[str]) -> bool:
    """Tell whether the backup's index of a text fits that text afterwards: a new one may have rows that it left out."""
    stored, present = found.stored.get(name), found.present.get(name)
    if stored is None or not stored.content or (present is not None and present.definition != stored.definition):
        return False
    content = stored.content.lower()
    sources = _writers(found, name)
    for schema in (BACKUP, "main"):
        sources |= tables_read(live, schema, content)
    view = "SELECT sql FROM {}.sqlite_master WHERE type = 'view' AND lower(name) = ?"
    before, after = (live.execute(view.format(schema), [content]).fetchall() for schema in (BACKUP, "main"))
    # A view stays as it is; a table must be among those that come back.
    return before == after and (sources - {content} if before else sources | {content}) <= wanted


def _writers(found: _Databases, name: str) -> set[str]:
    return {
        table for written in found.written for table, writes in written.items() if name in writes.kept | writes.logs
    }


def _warn_of_keepers(found: _Databases, wanted: set[str], result: Companions) -> None:
    for written in found.written[-1:]:
        for table, writes in written.items():
            if table not in wanted and (kept := sorted(writes.kept & wanted)):
                result.warnings.append(f"{', '.join(kept)}: kept by the triggers of {table}, which stays as it is")
