"""Fills the empty tables of a news site: `fill.py sqlite FILE SCALE` or `fill.py postgresql DSN SCALE`.

A program of its own, because the benchmark itself has to stay small (see `timing.run`).
"""

import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing

import psycopg
from news_rows import tables


def fill_sqlite(file: str, scale: float) -> None:
    """Fill a database file; nobody relies on it before it is complete."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -1000000")
        for table in tables(scale):
            marks = ", ".join("?" * len(table.columns))
            columns = ", ".join(table.columns)
            connection.executemany(f"INSERT INTO {table.name} ({columns}) VALUES ({marks})", table.rows)
        connection.commit()
        connection.execute("ANALYZE")
        connection.commit()


def fill_postgresql(dsn: str, scale: float) -> None:
    """Fill a database over one connection; no text here needs COPY's escapes."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        # Foreign keys would be checked row by row; the rows are known to keep them.
        connection.execute("SET session_replication_role = replica")
        for table in tables(scale):
            statement = f"COPY {table.name} ({', '.join(table.columns)}) FROM STDIN"
            with connection.cursor().copy(statement.encode()) as copy:
                for row in table.rows:
                    copy.write("\t".join(map(str, row)) + "\n")
        connection.execute("VACUUM (FREEZE, ANALYZE)")
        connection.execute("CHECKPOINT")


WAYS: dict[str, Callable[[str, float], None]] = {"sqlite": fill_sqlite, "postgresql": fill_postgresql}

if __name__ == "__main__":
    engine, place, scale = sys.argv[1:]
    WAYS[engine](place, float(scale))
