"""Restores of PostgreSQL into an empty database: in place against `pg_restore -1`, a swap against `pg_restore -j2`.

A swap makes its own database beside the empty one. Both of ours gather statistics, which pg_restore leaves to others.
"""

import shutil
from pathlib import Path

from postgresql_server import MAJOR, NewsServer, start
from results import Row, at_most, processor_row
from timing import Contender, alternate

MEGABYTES = 1000
JOBS = 2
# Our strategy, and how pg_restore does the like.
STRATEGIES = {"in-place": "-1", "swap": f"-j{JOBS}"}
GOAL, LZ4_GOAL = 0.9, 0.75
LZ4 = ("--toast-compression", "lz4")


def rows(work: Path, rounds: int, scale: float) -> list[Row]:
    """Measure both strategies, with lz4 too where the server has it."""
    with start(MEGABYTES * scale, work) as news:
        what = f"PostgreSQL {MAJOR}, {MEGABYTES * scale:.0f} MB of COPY text"
        folder = work / "to_restore"
        shutil.rmtree(folder, ignore_errors=True)
        dsn = news.server.dsn("news")
        news.program("pg_dump", "-Fd", f"-j{JOBS}", "-Z1", f"--file={folder}", f"--dbname={dsn}")
        backup = news.site.backup("--jobs", str(JOBS))
        backup.prepare()
        backup.work()
        table = [row for strategy in STRATEGIES for row in _compare(news, what, strategy, folder, rounds)]
        if not news.offers_lz4():
            table.append(Row("  the same with lz4", "not measured", "this server was built without lz4"))
        return table


def _compare(news: NewsServer, what: str, strategy: str, folder: Path, rounds: int) -> list[Row]:
    def ours(*options: str) -> Contender:
        arguments = ("--strategy", strategy, "--jobs", str(JOBS), *options)
        return Contender(lambda: news.target.restore(*arguments), prepare=news.empty_target)

    arguments = (STRATEGIES[strategy], f"--dbname={news.server.dsn('target')}", str(folder))
    theirs = Contender(lambda: news.program("pg_restore", *arguments), prepare=news.empty_target)
    contenders = [theirs, ours(), *([ours(*LZ4)] if news.offers_lz4() else [])]
    pg_restore, *restored = alternate([news.with_server(contender) for contender in contenders], rounds)
    line, against = f"{what}: restore_db --strategy {strategy}", f"pg_restore {STRATEGIES[strategy]}: {pg_restore}"
    limits = (("", GOAL), (" ".join(("", *LZ4)), LZ4_GOAL))
    table = []
    for (options, limit), sample in zip(limits, restored, strict=False):
        ratio = sample.wall_seconds / pg_restore.wall_seconds
        table.append(Row(line + options, str(sample), against, ratio, at_most(ratio, limit)))
        table.append(processor_row("  restore: processor, server included", sample, pg_restore))
    return table
