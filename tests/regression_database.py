"""The database that PostgreSQL's own regression tests leave: what its developers could think of, in one place.

``scripts/install_test_servers.sh`` brings their SQL and rows, and the functions in C that they call, compiled.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.servers import CACHE, Server, give_to_server

TESTS = CACHE / "regression-15"
# The schedule lets many more run side by side; their order within a group is free.
AT_ONCE = 2
# The slowest by far, and nothing of theirs stays.
LEAVING_NOTHING = {"join_hash", "select_parallel"}
# What the tests expect of the server and of their sessions, as pg_regress has it.
SETTINGS = {"max_prepared_transactions": "2"}
SESSION = {
    "PGDATESTYLE": "Postgres, MDY",
    "PGOPTIONS": "-c intervalstyle=postgres_verbose -c client_min_messages=error",
    "PGTZ": "America/Los_Angeles",
}


def load(server: Server, name: str) -> None:
    """Create a database and run all tests in it, in the order of their schedule."""
    server.create_database(name, "TEMPLATE template0")
    with tempfile.TemporaryDirectory(dir=server.socket_dir) as folder, ThreadPoolExecutor(AT_ONCE) as pool:
        results = Path(folder, "results")
        results.mkdir()
        for path in (Path(folder), results):
            give_to_server(path)
        variables = server.environment(
            PG_ABS_SRCDIR=str(TESTS), PG_ABS_BUILDDIR=folder, PG_LIBDIR=str(TESTS / "lib"), PG_DLSUFFIX=".so",
            PGDATABASE=name, **SESSION,
        )  # fmt: skip
        for group in schedule():
            list(pool.map(lambda test: run(test, variables), group))


def schedule() -> Iterator[list[str]]:
    for line in (TESTS / "parallel_schedule").read_text().splitlines():
        word, _, names = line.partition(": ")
        if word == "test":
            yield [name for name in names.split() if name not in LEAVING_NOTHING]


def run(test: str, variables: dict[str, str]) -> None:
    """Run one of them; the errors that it provokes are part of it, a lost connection is not."""
    psql = str(CACHE / "client" / "bin" / "psql")
    with (TESTS / "sql" / f"{test}.sql").open() as script:
        subprocess.run(
            [psql, "--no-psqlrc", "--quiet"], stdin=script, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=variables, check=True,
        )  # fmt: skip
