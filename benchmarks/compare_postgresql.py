"""PostgreSQL: `backup_db` against `pg_dump`, a restore in place against `pg_restore -1`."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from postgresql_server import MAJOR, SETTINGS, NewsServer, start
from results import Row, at_most, memory_row, processor_row, size_row
from timing import Contender, alternate, run

MEGABYTES = 1000
JOBS = 2
DIRECTORY, PIPE = f"pg_dump -Fd -j{JOBS} -Z1", "pg_dump -Fp | zstd -1 -T0"


@dataclass(frozen=True)
class Limits:
    """The most that a backup may take of what another program takes."""

    wall: float
    size: float


GOALS: Mapping[str, Mapping[str, Limits]] = {
    "gzip": {DIRECTORY: Limits(0.75, 1.0)},
    "zstd": {DIRECTORY: Limits(0.66, 0.95), PIPE: Limits(0.80, 1.02)},
}


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
    contenders = {DIRECTORY: pg_dump(news, sizes), PIPE: _pipe(news, sizes)}
    contenders |= {codec: _backup(news, codec, sizes) for codec in GOALS}
    measured = alternate([news.with_server(contender) for contender in contenders.values()], rounds)
    samples = dict(zip(contenders, measured, strict=True))
    table = []
    for codec, goals in GOALS.items():
        ours = samples[codec]
        for program, limits in goals.items():
            theirs = samples[program]
            ratio = ours.wall_seconds / theirs.wall_seconds
            goal = at_most(ratio, limits.wall)
            table.append(Row(f"{what}: backup_db, {codec}", str(ours), f"{program}: {theirs}", ratio, goal))
            table.append(processor_row(f"  {codec}: processor, server included", ours, theirs))
            table.append(size_row(f"  {codec}: size", sizes[codec], sizes[program], limits.size))
        table.append(memory_row(f"  {codec}: peak memory", ours))
    return table


def _backup(news: NewsServer, codec: str, sizes: dict[str, int]) -> Contender:
    measured = news.site.backup("--compression", codec, "--jobs", str(JOBS))

    def remember() -> None:
        sizes[codec] = news.site.backup_bytes()

    return Contender(measured.work, measured.prepare, remember)


def _restores(news: NewsServer, what: str, rounds: int) -> list[Row]:
    """No goal yet: in one transaction neither can use more than one connection."""
    folder = _dump_folder(news)
    backup, dump = news.site.backup("--jobs", str(JOBS)), pg_dump(news, {})
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


def pg_dump(news: NewsServer, sizes: dict[str, int]) -> Contender:
    """Measure what people run who want speed."""
    folder = _dump_folder(news)
    arguments = ("-Fd", f"-j{JOBS}", "-Z1", f"--file={folder}", f"--dbname={news.server.dsn('news')}")

    def remember() -> None:
        sizes[DIRECTORY] = sum(path.stat().st_size for path in folder.iterdir())

    return Contender(
        lambda: news.program("pg_dump", *arguments),
        prepare=lambda: shutil.rmtree(folder, ignore_errors=True),
        tidy=remember,
    )


def _pipe(news: NewsServer, sizes: dict[str, int]) -> Contender:
    file = news.work / "pg_dump.sql.zst"
    pipe = f'"$0" -Fp "$1" | zstd -1 -T0 -q -f -o "{file}"'
    command = ["sh", "-c", pipe, news.path_of("pg_dump"), f"--dbname={news.server.dsn('news')}"]

    def remember() -> None:
        sizes[PIPE] = file.stat().st_size
        file.unlink()

    return Contender(lambda: run(command), tidy=remember)


def _dump_folder(news: NewsServer) -> Path:
    return news.work / "pg_dump"
