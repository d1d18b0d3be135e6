"""What keeps a task that is due from its turn: quiet hours, too little change, a busy host or database."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connections
from django.utils import timezone

from holdfast.schedule import activity
from holdfast.schedule.server import answer
from holdfast.schedule.settings import DRILL

if TYPE_CHECKING:
    from datetime import datetime

    from holdfast.exceptions import LockHeld
    from holdfast.schedule.outlook import Task
    from holdfast.schedule.settings import Busy

_SESSIONS = """
SELECT pg_catalog.count(*) FILTER (WHERE state OPERATOR(pg_catalog.=) 'active'),
       coalesce(extract(epoch FROM pg_catalog.max(pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) xact_start)), 0)
       ::pg_catalog.float8
  FROM pg_catalog.pg_stat_activity
 WHERE datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
   AND pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()
   AND backend_type OPERATOR(pg_catalog.=) 'client backend'
"""


@dataclass(frozen=True)
class Hindrance:
    """Why a task waits."""

    reason: str
    # Whether it may be over in a minute, so that it is worth waiting for.
    is_short: bool = False
    # Another run works on the same database.
    held: LockHeld | None = None


@dataclass(frozen=True)
class Turn:
    """Whether a task may begin, and whether it has to be gentle."""

    hindrance: Hindrance | None = None
    # What it was busy with when it was waited for in vain; the task goes slowly then.
    throttled_by: str | None = None


def turn(task: Task, now: datetime) -> Turn:
    """Look at everything that may be in the way of a task that is due, the cheapest first."""
    quiet_until = task.quiet_until(now)
    if quiet_until is not None:
        local = quiet_until.astimezone(timezone.get_default_timezone())
        return Turn(Hindrance(f"quiet hours until {local:%H:%M}"))
    entry = task.entry
    if (
        entry.changes is not None
        and task.kind != DRILL
        and task.last is not None
        and now - task.last < entry.at_latest
        and not activity.is_enough(task, entry.changes)
    ):
        return Turn(Hindrance(f"fewer than {entry.changes:,} rows were written"))
    if entry.busy is None:
        return Turn()
    busy = _business(entry.busy, task.alias)
    if busy is None:
        return Turn()
    if now < task.due + entry.busy.wait:
        return Turn(Hindrance(busy, is_short=True))
    return Turn(throttled_by=busy)


def _business(limits: Busy, alias: str) -> str | None:
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    if limits.load is not None and load > limits.load:
        return f"the host is busy: a load of {load:.2f} for each core"
    if connections[alias].vendor != "postgresql" or (limits.sessions is None and limits.transaction is None):
        return None
    answered = answer(alias, _SESSIONS)
    if answered is None:
        return None
    sessions, seconds = answered
    if limits.sessions is not None and sessions > limits.sessions:
        return f"the database is busy: {sessions} sessions are at work"
    if limits.transaction is not None and seconds > limits.transaction.total_seconds():
        return f"the database is busy: a transaction has been open for {seconds:.0f} s"
    return None
