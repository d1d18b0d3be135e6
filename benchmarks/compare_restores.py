"""Restores of PostgreSQL: in place against `pg_restore -1`, a swap against `pg_restore -j2`, and one small table.

They go into an empty database; a swap makes its own beside it. Both of ours gather statistics, which pg_restore leaves
to others.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from postgresql_server import MAJOR, NewsServer, start
from results import Row, at_most, processor_row
from timing import Contender, alternate

MEGABYTES = 1000
JOBS = 2
# Our strategy, and how pg_restore does the like.
STRATEGIES = {"in-place": "-1", "swap": f"-j{JOBS}"}
GOAL, LZ4_GOAL = 0.9, 0.75
SMALL_TABLE, SMALL_TABLE_GOAL = "public.news_category", 0.05


def rows(work: Path, rounds: int, scale: float) -> list[Row]:
    """Measure both strategies; large values are compressed as the server does it, by either program."""
    with _ready(work, scale) as trial:
        table = [row for strategy in STRATEGIES for row in trial.compare(rounds, GOAL, strategy)]
        return [*table, trial.small_table()]


def rows_with_lz4(work: Path, rounds: int, scale: float) -> list[Row]:
    """Measure both strategies with lz4 for large values, which pg_restore has no option for."""
    options = ("--toast-compression", "lz4")
    with _ready(work, scale) as trial:
        return [row for strategy in STRATEGIES for row in trial.compare(rounds, LZ4_GOAL, strategy, *options)]


@dataclass(frozen=True)
class Trial:
    """A server, and a backup of its database by either program."""

    news: NewsServer
    what: str
    # What pg_dump made.
    folder: Path

    def compare(self, rounds: int, limit: float, strategy: str, *more: str) -> list[Row]:
        """Restore by turns; ours may take `limit` of pg_restore's time."""
        news, options = self.news, ("--strategy", strategy, *more)
        ours = Contender(lambda: news.target.restore("--jobs", str(JOBS), *options), prepare=news.empty_target)
        how = STRATEGIES[strategy]
        arguments = (how, f"--dbname={news.server.dsn('target')}", str(self.folder))
        theirs = Contender(lambda: news.program("pg_restore", *arguments), prepare=news.empty_target)
        pg_restore, restored = alternate([news.with_server(theirs), news.with_server(ours)], rounds)
        ratio = restored.wall_seconds / pg_restore.wall_seconds
        line = f"{self.what}: restore_db {' '.join(options)}"
        return [
            Row(line, str(restored), f"pg_restore {how}: {pg_restore}", ratio, at_most(ratio, limit)),
            processor_row("  restore: processor, server included", restored, pg_restore),
        ]

    def small_table(self) -> Row:
        """Count what is read from the disk for one table, with the kernel's reading ahead, when nothing is cached."""
        file = self.news.site.backup_file()
        with file.open("rb") as opened:
            os.fsync(opened.fileno())
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        restored = self.news.target.restore("--table", SMALL_TABLE)
        line, size = f"{self.what}: read by restore_db --table {SMALL_TABLE}", file.stat().st_size
        ratio = restored.disk_bytes / size
        read, whole = f"{restored.disk_bytes / 1e3:.0f} kB", f"the whole file: {size / 1e6:.0f} MB"
        return Row(line, read, whole, ratio, at_most(ratio, SMALL_TABLE_GOAL))


@contextmanager
def _ready(work: Path, scale: float) -> Iterator[Trial]:
    with start(MEGABYTES * scale, work) as news:
        folder = work / "to_restore"
        dsn = news.server.dsn("news")
        news.program("pg_dump", "-Fd", f"-j{JOBS}", "-Z1", f"--file={folder}", f"--dbname={dsn}")
        backup = news.site.backup("--jobs", str(JOBS))
        backup.prepare()
        backup.work()
        yield Trial(news, f"PostgreSQL {MAJOR}, {MEGABYTES * scale:.0f} MB of COPY text", folder)
