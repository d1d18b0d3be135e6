"""`--toast-compression`: large values are stored as asked for, and refused is what the server cannot do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deployment import Deployment
from tests.servers import Server, start_with_lz4
from tests.templates import OWNER, PASSWORD, Deploy, server_databases

# Some of the values stay within their row, others are too long for that even when they are compressed.
TEXTS = """
    CREATE TABLE texts (id integer PRIMARY KEY, free text, declared text COMPRESSION pglz);
    INSERT INTO texts SELECT id, text, text FROM (
        SELECT id, string_agg(repeat(md5((id * part)::text), 9), '' ORDER BY part) AS text
        FROM generate_series(1, 40) id, generate_series(1, 10 + id * 5) part GROUP BY id
    ) made;
"""
METHODS = "SELECT DISTINCT pg_column_compression(free), pg_column_compression(declared) FROM texts"
CONTENT = "SELECT count(*), md5(string_agg(free || declared, ',' ORDER BY id)) FROM texts"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with start_with_lz4() as server:
        server.create_role(OWNER, "LOGIN SUPERUSER", password=PASSWORD)
        yield server


@pytest.mark.parametrize("strategy", ["in-place", "swap"])
def test_values_are_stored_as_asked_for(server: Server, tmp_path: Path, strategy: str) -> None:
    name = f"texts_{strategy.replace('-', '_')}"
    server.psql(f"CREATE DATABASE {name} OWNER {OWNER}")
    texts = Deployment(tmp_path, server_databases(server, {"default": name}), server)
    texts.execute(TEXTS)
    before = texts.execute(CONTENT)
    texts.run("backup_db")
    restore = ("restore_db", "latest", "--strategy", strategy, "--no-safety-backup", "--no-input", "--verify")
    for usual, other in (("pglz", "lz4"), ("lz4", "pglz")):
        server.psql(f"ALTER ROLE {OWNER} SET default_toast_compression = {usual}")
        for options, method in (((), usual), (("--toast-compression", other), other)):
            texts.run(*restore, *options)
            # What a column was declared with stays.
            assert texts.execute(METHODS) == [(method, "pglz")]
            assert texts.execute(CONTENT) == before


@pytest.mark.parametrize("strategy", ["in-place", "swap"])
def test_a_server_without_lz4_refuses_before_anything_is_dropped(deploy: Deploy, strategy: str) -> None:
    deployment = deploy(18)
    deployment.run("backup_db", "--database", "default")
    deployment.execute("CREATE TABLE since AS SELECT 1 AS a")
    restore = ("restore_db", "latest", "--database", "default", "--strategy", strategy, "--toast-compression", "lz4")
    for how in ("--dry-run", "--no-input"):
        failed = deployment.run(*restore, "--no-safety-backup", how, code=2).err
        assert "the server was built without lz4" in failed
        assert "leave --toast-compression out" in failed
    assert deployment.execute("SELECT a FROM since") == [("1",)]
