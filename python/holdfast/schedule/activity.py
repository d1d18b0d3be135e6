"""How much has changed in a database since a backup: a hint for when the next is worth it, never a proof.

PostgreSQL counts rows, loses the counts in a crash, and forgets them when somebody asks it to. SQLite counts nothing
that another process could read without a lock; its files tell whether anybody has written.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.db import connections

from holdfast.schedule.server import cursor
from holdfast.sqlite.live import location

if TYPE_CHECKING:
    from holdfast.schedule.outlook import Task

_COUNT = """
SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint
  FROM pg_catalog.pg_stat_user_tables WHERE relname NOT LIKE 'holdfast\\_%%'
"""


def count(alias: str) -> int | None:
    """Give the server's count of rows that were ever changed; None where nobody counts."""
    if connections[alias].vendor != "postgresql":
        return None
    with cursor(alias) as opened:
        opened.execute(_COUNT)
        return int(opened.fetchone()[0])


def is_enough(task: Task, least: int) -> bool:
    """Tell whether so many rows may have changed since the task was done; what is not known may be many."""
    if task.last is None:
        return True
    if connections[task.alias].vendor == "sqlite":
        return _written_since(task.alias, task.last)
    now = count(task.alias)
    # Fewer than before: the counts were lost, and begin anew.
    return now is None or task.changes is None or now < task.changes or now - task.changes >= least


def _written_since(alias: str, moment: datetime) -> bool:
    path, _ = location(connections[alias])
    files = [file for file in (path, path.with_name(f"{path.name}-wal")) if file.exists()]
    return any(datetime.fromtimestamp(file.stat().st_mtime, UTC) >= moment for file in files)
