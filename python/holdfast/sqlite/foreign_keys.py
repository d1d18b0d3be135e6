"""Foreign keys of a live database that do not hold; refuses a restore of single tables that would add some."""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.exceptions import RestoreFailed
from holdfast.sqlite.explanations import is_about_the_statement
from holdfast.sqlite.live import quoted

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    Violation = tuple[object, ...]


def violations(live: sqlite3.Connection, tables: Sequence[str]) -> set[Violation]:
    """Find foreign keys that do not hold in these tables and in those that refer to them; no others can change."""
    found: set[Violation] = set()
    changed = {name.lower() for name in tables}
    for (table,) in live.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'").fetchall():
        parents = {row[2].lower() for row in live.execute(f"PRAGMA main.foreign_key_list({quoted(table)})")}
        if not parents & changed and table.lower() not in changed:
            continue
        try:
            found.update(live.execute(f"PRAGMA main.foreign_key_check({quoted(table)})"))
        except live.OperationalError as error:
            if not is_about_the_statement(error):
                raise
            # A constraint that SQLite cannot check, as when its parent has no such key. An old one is not our concern.
            found.add((table, None, str(error), None))
    return found


def refuse_new(new: set[Violation], tables: Sequence[str]) -> None:
    """Fail where there are any, and say between which tables."""
    if not new:
        return
    pairs = sorted({f"{table} to {parent}" for table, _, parent, _ in new})
    left = f"{len(new)} rows without the row they refer to: {', '.join(pairs)}"
    message = f"restoring {', '.join(tables)} alone would leave {left}"
    raise RestoreFailed(message, "Restore the tables on both sides together.")
