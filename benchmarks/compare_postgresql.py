"""PostgreSQL: `backup_db` against `pg_dump -Fd -j2 -Z1`, a restore in place against `pg_restore -1`."""

import shutil
from pathlib import Path

from postgresql_server import MAJOR, SETTINGS, NewsServer, start
from results import Row, at_most, processor_row, size_row
from timing import Contender, alternate

MEGABYTES = 1000
JOBS = 2
WALL_GOAL, SIZE_GOAL = 1.0, 1.05
CODECS = ("gzip", "zstd")


def rows(work: Path, rounds: int, scale: float) -> list[Row]:
    """Measure backups with both codecs, then restores of both."""
    with start(MEGABYTES * scale, work) as news:
        what = f"PostgreSQL {MAJOR}, {MEGABYTES * scale:.0f} MB of COPY text"
        return [*_backups(news, what, rounds), *_restores(news, what, rounds)]


def notes() -> str:
    """The server's settings."""
    return "server: " + ", ".join(f"{name} {value}" for name, value in SETTINGS.items())


def _backups(news: NewsServer, what: str, rounds: int) -> list[Row]:
    sizes: dict[str, int] = {}
    contenders = [_pg_dump(news, sizes)]
    for codec in CODECS:
        measured = news.site.backup("--compression", codec, "--jobs", str(JOBS))

        def remember(codec: str = codec) -> None:
            sizes[codec] = news.site.backup_bytes()

        contenders.append(Contender(measured.work, measured.prepare, remember))
    pg_dump, *ours = alternate([news.with_server(contender) for contender in contenders], rounds)
    table = []
    for codec, sample in zip(CODECS, ours, strict=True):
        ratio = sample.wall_seconds / pg_dump.wall_seconds
        goal = at_most(ratio, WALL_GOAL) if codec == "gzip" else None
        table.append(
            Row(f"{what}: backup_db, {codec}", str(sample), f"pg_dump -Fd -j{JOBS} -Z1: {pg_dump}", ratio, goal)
        )
        table.append(processor_row(f"  {codec}: processor, server included", sample, pg_dump))
        size_goal = SIZE_GOAL if codec == "gzip" else None
        table.append(size_row(f"  {codec}: size", sizes[codec], sizes["pg_dump"], size_goal))
    return table


def _restores(news: NewsServer, what: str, rounds: int) -> list[Row]:
    """No goal yet: in one transaction neither can use more than one connection."""
    folder = _dump_folder(news)
    backup, dump = news.site.backup("--jobs", str(JOBS)), _pg_dump(news, {})
    for contender in (backup, dump):
        contender.prepare()
        contender.work()
    dsn = f"--dbname={news.server.dsn('target')}"
    theirs = Contender(lambda: news.program("pg_restore", "-1", dsn, str(folder)), prepare=news.empty_target)
    ours = Contender(news.target.restore, prepare=news.empty_target)
    pg_restore, restored = alternate([news.with_server(theirs), news.with_server(ours)], rounds)
    ratio = restored.wall_seconds / pg_restore.wall_seconds
    return [
        Row(f"{what}: restore_db, in place", str(restored), f"pg_restore -1: {pg_restore}", ratio),
        processor_row("  restore: processor, server included", restored, pg_restore),
    ]


def _pg_dump(news: NewsServer, sizes: dict[str, int]) -> Contender:
    folder = _dump_folder(news)
    arguments = ("-Fd", f"-j{JOBS}", "-Z1", f"--file={folder}", f"--dbname={news.server.dsn('news')}")

    def remember() -> None:
        sizes["pg_dump"] = sum(path.stat().st_size for path in folder.iterdir())

    return Contender(
        lambda: news.program("pg_dump", *arguments),
        prepare=lambda: shutil.rmtree(folder, ignore_errors=True),
        tidy=remember,
    )


def _dump_folder(news: NewsServer) -> Path:
    return news.work / "pg_dump"
