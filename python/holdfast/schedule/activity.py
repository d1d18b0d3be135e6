"""How much has changed in a database since a backup: a hint for when the next is worth it, never a proof.

PostgreSQL counts rows that were written, loses the counts in a crash, and forgets them when somebody asks it to. SQLite
knows the last number that it gave to a new row of a table (`AUTOINCREMENT`, which Django's tables have), and so counts
what was added, but not what was changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connections

from holdfast.exceptions import HoldfastError
from holdfast.schedule.server import answer
from holdfast.sqlite.live import Access, connected

if TYPE_CHECKING:
    from holdfast.schedule.outlook import Task

# Without what Holdfast itself writes with every backup.
_WRITTEN = """
SELECT coalesce(pg_catalog.sum(n_tup_ins OPERATOR(pg_catalog.+) n_tup_upd OPERATOR(pg_catalog.+) n_tup_del), 0)
       ::pg_catalog.int8
  FROM pg_catalog.pg_stat_user_tables WHERE relname OPERATOR(pg_catalog.<>) 'holdfast_backuprun'
"""
_IS_COUNTED = "SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_sequence'"
_ADDED = "SELECT coalesce(sum(seq), 0) FROM sqlite_sequence"


def count(alias: str) -> int | None:
    """Give the count of rows that were ever written; None where nobody counts, or can be asked."""
    connection = connections[alias]
    if connection.vendor == "postgresql":
        answered = answer(alias, _WRITTEN)
        return int(answered[0]) if answered else None
    try:
        with connected(connection, Access.READ) as live:
            is_counted = live.execute(_IS_COUNTED).fetchone()[0]
            return int(live.execute(_ADDED).fetchone()[0]) if is_counted else None
    except HoldfastError:
        # What is wrong with the file, the backup will say.
        return None


def is_enough(task: Task, least: int) -> bool:
    """Tell whether so many rows may have been written since the task was done; what is not known may be many."""
    now = count(task.alias)
    # Fewer than before: the counts were lost, and begin anew.
    return now is None or task.changes is None or now < task.changes or now - task.changes >= least
