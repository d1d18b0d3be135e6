"""The database of PostgreSQL's own tests comes back, whole, on the newest minor release; pg_dump is the judge."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from difflib import unified_diff
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

import holdfast
from tests.deployment import Deployment
from tests.regression_database import SETTINGS, load
from tests.servers import DEBIAN, Server, start

ENOUGH_LINES = 100
NAME = "regression"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with start(DEBIAN, settings=SETTINGS) as server:
        load(server, NAME)
        yield server


@pytest.fixture(scope="module")
def original(server: Server) -> str:
    """What pg_dump says of the database; the restores go over copies of it."""
    made = "SELECT count(*) FILTER (WHERE relkind IN ('r', 'p')) > 500, count(*) FILTER (WHERE relkind = 'i') > 300"
    in_c = "SELECT count(*) > 10 FROM pg_proc WHERE probin LIKE '%/regress.so'"
    assert server.psql(f"{made} FROM pg_class WHERE oid >= 16384; {in_c}", NAME) == "t|t\nt"
    return server.pg_dump(NAME)


@pytest.fixture(scope="module")
def backup(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("regression")
    with deployment(server, folder, NAME).in_process():
        path = holdfast.backup("default", verify="full").path
    assert path is not None
    return path


def deployment(server: Server, folder: Path, name: str) -> Deployment:
    address = {"HOST": server.host, "PORT": str(server.port), "USER": server.user, "PASSWORD": server.password}
    return Deployment(folder, {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": name, **address}}, server)


@pytest.mark.parametrize("strategy", ["in-place", "swap"])
def test_it_comes_back_over_itself(server: Server, original: str, backup: Path, strategy: Any) -> None:
    name = f"over by {strategy}"
    server.create_database(name, f"TEMPLATE {NAME}")
    with deployment(server, backup.parent.parent, name).in_process():
        holdfast.restore(str(backup), strategy=strategy, owners="apply", verify="full", safety_backup="skip")
    assert_same(original.split("\n"), server.pg_dump(name).split("\n"))


def test_psql_brings_it_back(server: Server, original: str, backup: Path) -> None:
    """Where psql puts a row depends on what fits; so rows, and the file's lines with them, have no order."""
    server.create_database("by psql", "TEMPLATE template0")
    script = gzip.decompress(backup.read_bytes()).decode()
    server.client("psql", "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-d", "by psql", stdin=script)
    assert_same(sorted(original.split("\n")), sorted(server.pg_dump("by psql").split("\n")))


def assert_same(wanted: list[str], found: list[str]) -> None:
    difference = [] if wanted == found else unified_diff(wanted, found, "wanted", "found", lineterm="", n=1)
    assert not (lines := list(islice(difference, ENOUGH_LINES))), "\n".join(lines)
