"""The peak memory of `backup_db` and `restore_db` with Django loaded: bounded, whatever the size of the data."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import postgresql_server
import sqlite_database
from news_site import Site
from results import MEBIBYTE, PEAK_LIMIT, Goal, Row

SMALL_MEGABYTES, LARGE_MEGABYTES = 100, 2000
# A small database does not always have all buffers of a chunk in use at once: 27 MiB at two threads.
SAME = 32 * MEBIBYTE


@dataclass(frozen=True)
class Peaks:
    """The most that each of the commands used."""

    backup: int
    restore: int


def rows(work: Path, _rounds: int, scale: float) -> list[Row]:
    """Measure both engines at both sizes."""
    table = []
    for engine, opener in (("SQLite", _sqlite), ("PostgreSQL", _postgresql)):
        small, large = (_peaks(opener, megabytes * scale, work) for megabytes in (SMALL_MEGABYTES, LARGE_MEGABYTES))
        table.append(_row(f"{engine}: peak memory of backup_db", small.backup, large.backup, scale))
        table.append(_row(f"{engine}: peak memory of restore_db", small.restore, large.restore, scale))
    return table


def _row(what: str, small: int, large: int, scale: float) -> Row:
    ratio = large / small
    goal = Goal(
        f"≤ {PEAK_LIMIT // MEBIBYTE} MiB, same ±{SAME // MEBIBYTE}",
        max(small, large) <= PEAK_LIMIT and large - small <= SAME,
    )
    at_large, at_small = (
        f"{size / MEBIBYTE:.0f} MiB at {megabytes * scale:.0f} MB"
        for size, megabytes in ((large, LARGE_MEGABYTES), (small, SMALL_MEGABYTES))
    )
    return Row(what, at_large, at_small, ratio, goal)


def _peaks(
    opener: Callable[[float, Path], AbstractContextManager[tuple[Site, Site]]], megabytes: float, work: Path
) -> Peaks:
    with opener(megabytes, work) as (site, target):
        site.forget_backups()
        backup = site.backup().work()
        restore = target.restore()
        site.forget_backups()
    return Peaks(backup.peak_bytes, restore.peak_bytes)


@contextmanager
def _sqlite(megabytes: float, work: Path) -> Iterator[tuple[Site, Site]]:
    site = sqlite_database.open_site(megabytes, work)
    target = work / "target.sqlite3"
    try:
        yield site, Site(sqlite_database.database(target), site.backups)
    finally:
        target.unlink(missing_ok=True)


@contextmanager
def _postgresql(megabytes: float, work: Path) -> Iterator[tuple[Site, Site]]:
    with postgresql_server.start(megabytes, work) as news:
        news.empty_target()
        yield news.site, news.target
