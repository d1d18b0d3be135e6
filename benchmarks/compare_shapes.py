"""PostgreSQL: databases of other shapes, one large table alone and thousands of small ones."""

from pathlib import Path

from compare_postgresql import DIRECTORY, JOBS, pg_dump
from news_site import fill
from postgresql_server import COMMENTS, MAJOR, SETTINGS, NewsServer, start, start_empty
from results import Row, at_most, memory_row, processor_row
from timing import Contender, alternate

MEGABYTES = 1000
ONE_TABLE_GOAL = 0.60
TABLES = 3000
MANY_TABLES_GOAL = 1.0


def one_table(work: Path, rounds: int, scale: float) -> list[Row]:
    """A table that `pg_dump` reads over one connection, however many it has."""
    with start(MEGABYTES * scale, work, COMMENTS) as news:
        what = f"PostgreSQL {MAJOR}, one table of {MEGABYTES * scale:.0f} MB: backup_db, gzip"
        return _compare(what, news, (DIRECTORY, pg_dump(news, {})), rounds, ONE_TABLE_GOAL)


def many_tables(work: Path, rounds: int, scale: float) -> list[Row]:
    """Tables of a few rows: what counts is the catalog and the way there and back."""
    count = max(1, round(TABLES * scale))
    # A session locks them all: the server needs room for that many.
    with start_empty({**SETTINGS, "max_locks_per_transaction": str(256)}, work) as news:
        fill("tables", news.server.dsn("news"), count)
        file = f"--file={news.work / 'pg_dump.sql'}"
        theirs = Contender(lambda: news.program("pg_dump", "-Fp", file, f"--dbname={news.server.dsn('news')}"))
        what = f"PostgreSQL {MAJOR}, {count} small tables: backup_db, gzip"
        return _compare(what, news, ("pg_dump -Fp", theirs), rounds, MANY_TABLES_GOAL)


def _compare(what: str, news: NewsServer, other: tuple[str, Contender], rounds: int, limit: float) -> list[Row]:
    name, theirs = other
    ours = news.site.backup("--jobs", str(JOBS))
    dumped, backed_up = alternate([news.with_server(theirs), news.with_server(ours)], rounds)
    ratio = backed_up.wall_seconds / dumped.wall_seconds
    return [
        Row(what, str(backed_up), f"{name}: {dumped}", ratio, at_most(ratio, limit)),
        processor_row("  processor, server included", backed_up, dumped),
        memory_row("  peak memory", backed_up),
    ]
