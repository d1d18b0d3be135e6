"""Restores of PostgreSQL into an empty database: in place against `pg_restore -1`, a swap against `pg_restore -j2`.

A swap makes its own database beside the empty one. Both of ours gather statistics, which pg_restore leaves to others.
"""

from collections.abc import Sequence
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


@dataclass(frozen=True)
class Way:
    """One way to restore, and the most that it may take of pg_restore's time."""

    strategy: str
    limit: float
    options: tuple[str, ...] = ()


def rows(work: Path, rounds: int, scale: float) -> list[Row]:
    """Measure both strategies; large values are compressed as the server does it, by either program."""
    return _rows(work, rounds, scale, [Way(strategy, GOAL) for strategy in STRATEGIES])


def rows_with_lz4(work: Path, rounds: int, scale: float) -> list[Row]:
    """Measure both strategies with lz4 for large values, which pg_restore has no option for."""
    options = ("--toast-compression", "lz4")
    return _rows(work, rounds, scale, [Way(strategy, LZ4_GOAL, options) for strategy in STRATEGIES])


def _rows(work: Path, rounds: int, scale: float, ways: Sequence[Way]) -> list[Row]:
    with start(MEGABYTES * scale, work) as news:
        what = f"PostgreSQL {MAJOR}, {MEGABYTES * scale:.0f} MB of COPY text"
        folder = work / "to_restore"
        dsn = news.server.dsn("news")
        news.program("pg_dump", "-Fd", f"-j{JOBS}", "-Z1", f"--file={folder}", f"--dbname={dsn}")
        backup = news.site.backup("--jobs", str(JOBS))
        backup.prepare()
        backup.work()
        return [row for way in ways for row in _compare(what, news, folder, way, rounds)]


def _compare(what: str, news: NewsServer, folder: Path, way: Way, rounds: int) -> list[Row]:
    options = ("--strategy", way.strategy, *way.options)
    ours = Contender(lambda: news.target.restore("--jobs", str(JOBS), *options), prepare=news.empty_target)
    how = STRATEGIES[way.strategy]
    arguments = (how, f"--dbname={news.server.dsn('target')}", str(folder))
    theirs = Contender(lambda: news.program("pg_restore", *arguments), prepare=news.empty_target)
    pg_restore, restored = alternate([news.with_server(theirs), news.with_server(ours)], rounds)
    ratio = restored.wall_seconds / pg_restore.wall_seconds
    line = f"{what}: restore_db {' '.join(options)}"
    return [
        Row(line, str(restored), f"pg_restore {how}: {pg_restore}", ratio, at_most(ratio, way.limit)),
        processor_row("  restore: processor, server included", restored, pg_restore),
    ]
