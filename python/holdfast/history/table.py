"""The table of runs: brought up to the audit log, searched, and done without wherever it cannot be had.

An open transaction is never touched: it may fail later, or have failed already.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connections, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from holdfast import databases
from holdfast.history.run import Run, told
from holdfast.models import BackupRun

# Its rows change with every run: whoever asks whether a database has changed has to leave it out.
NAME = BackupRun._meta.db_table

_PLAIN = [
    *("operation", "alias", "kind", "backup", "location", "result", "seconds", "stored_size", "raw_size", "rows"),
    *("os_user", "django_user", "host", "command", "error"),
]
# A restore that runs holds all tables of its database; who only looks at the history does not wait for it.
_LOCK_TIMEOUT = "SET LOCAL lock_timeout = '2s'"


def connection() -> BaseDatabaseWrapper:
    """Give the connection of the database that has the table, as the router says."""
    return connections[router.db_for_write(BackupRun)]


def is_within_reach(home: BaseDatabaseWrapper) -> bool:
    """Tell whether there is a database to ask; asking SQLite for a file that is not there would make an empty one."""
    return databases.is_in_memory(home) or databases.has_content(home)


@contextmanager
def session(home: BaseDatabaseWrapper) -> Iterator[None]:
    """Read and write in a transaction of its own, which gives up where others hold the table."""
    with transaction.atomic(using=home.alias):
        if home.vendor == "postgresql":
            with home.cursor() as cursor:
                cursor.execute(_LOCK_TIMEOUT)
        yield


def is_there(home: BaseDatabaseWrapper) -> bool:
    """Tell whether the table has been migrated."""
    return databases.has_table(home, NAME)


def missing(home: BaseDatabaseWrapper, runs: Iterable[Run]) -> list[Run]:
    """Give the runs that the table lacks, and those of which it knows the beginning alone."""
    by_id = {run.id: run for run in runs}
    known = dict(BackupRun.objects.using(home.alias).filter(run__in=by_id).values_list("run", "result"))
    return [
        run for run in by_id.values() if run.id not in known or (known[run.id] == "started" and run.result != "started")
    ]


def known_backups(home: BaseDatabaseWrapper) -> set[str]:
    """Name the backups whose making the table has."""
    return set(BackupRun.objects.using(home.alias).filter(operation="backup").values_list("backup", flat=True))


def store(home: BaseDatabaseWrapper, runs: Sequence[Run]) -> None:
    """Write runs that the table lacks."""
    rows = BackupRun.objects.using(home.alias)
    rows.filter(run__in=[run.id for run in runs]).delete()
    # Somebody else may have found the same runs lacking.
    peaceful = home.features.supports_ignore_conflicts
    rows.bulk_create([_row(run) for run in runs], batch_size=500, ignore_conflicts=peaceful)


def find(home: BaseDatabaseWrapper, alias: str | None, operation: str | None, limit: int) -> tuple[Run, ...]:
    """Give runs, the newest first."""
    rows = BackupRun.objects.using(home.alias).all()
    if alias is not None:
        rows = rows.filter(alias=alias)
    if operation is not None:
        rows = rows.filter(operation=operation)
    return tuple(_run(row) for row in rows[:limit])


def _row(run: Run) -> BackupRun:
    return BackupRun(
        run=run.id,
        started=_stored(run.started),
        finished=_stored(run.finished) if run.finished else None,
        **{name: _fitting(name, getattr(run, name)) for name in _PLAIN},
    )


def _fitting(name: str, value: Any) -> Any:
    # One value that no column takes would keep all later runs out of the table.
    if not isinstance(value, str):
        return value
    longest = getattr(BackupRun._meta.get_field(name), "max_length", None)
    return value.replace("\0", "")[:longest]


def _run(row: BackupRun) -> Run:
    return Run(
        id=row.run,
        started=_told(row.started),
        finished=_told(row.finished) if row.finished else None,
        **{name: getattr(row, name) for name in _PLAIN},
    )


def _stored(moment: str) -> datetime:
    aware = datetime.fromisoformat(moment)
    # A project without USE_TZ has naive times of its own zone.
    return aware if timezone.is_aware(timezone.now()) else timezone.make_naive(aware)


def _told(moment: datetime) -> str:
    return told(moment if timezone.is_aware(moment) else timezone.make_aware(moment))
