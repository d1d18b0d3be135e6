"""What a restore must not take along: rows that the backup lacks, partitions, comments, other ways to write a value."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.deployment import Deployment
from tests.templates import sqlite_deployment

RESTORE = ("restore_db", "latest", "--no-input", "--no-safety-backup")
TABLES = "CREATE TABLE kept (id int PRIMARY KEY); INSERT INTO kept VALUES (1); CREATE TABLE cache (id int PRIMARY KEY)"


@contextmanager
def unchanged(deployment: Deployment) -> Iterator[None]:
    """The whole text of the database, as pg_dump writes it, stays the same."""
    assert deployment.server is not None
    before = deployment.server.pg_dump(deployment.name(), "--no-acl", "--no-owner")
    yield
    assert deployment.server.pg_dump(deployment.name(), "--no-acl", "--no-owner") == before


@pytest.fixture(params=("sqlite", "postgresql"))
def two_tables(request: pytest.FixtureRequest, tmp_path: Path) -> Deployment:
    if request.param == "postgresql":
        deployment: Deployment = request.getfixturevalue("postgresql_with")(TABLES)
        return deployment
    deployment = sqlite_deployment(tmp_path)
    deployment = replace(deployment, databases={"default": deployment.databases["default"]})
    for statement in TABLES.split(";"):
        deployment.execute(statement)
    return deployment


def counts(deployment: Deployment) -> list[int]:
    """Rows of both tables."""
    (row,) = deployment.execute("SELECT (SELECT count(*) FROM kept), (SELECT count(*) FROM cache)")
    return [int(count) for count in row]


def test_rows_that_the_backup_lacks_stay(two_tables: Deployment) -> None:
    two_tables.execute("INSERT INTO cache VALUES (7)")
    two_tables.run("backup_db", "--exclude-table-data", "cache")
    restore = ("restore_db", two_tables.newest().name, *RESTORE[2:])
    two_tables.execute("DELETE FROM kept")
    assert re.search(r"cache +1 -> +1\n", two_tables.run(*restore, "--data-only").out)
    assert counts(two_tables) == [1, 1]
    assert "without the rows of" in two_tables.run(*restore, "--table", "cache", code=2).err
    assert "without the rows of" in two_tables.run(*restore, "--table", "cache", "--data-only", code=2).err
    assert counts(two_tables) == [1, 1]
    assert "without the rows of" in two_tables.run(*restore, "--dry-run").out


def test_a_backup_of_the_schema_alone_has_no_rows_to_restore(two_tables: Deployment) -> None:
    two_tables.run("backup_db", "--schema-only")
    restore = ("restore_db", two_tables.newest().name, *RESTORE[2:])
    assert "holds no rows" in two_tables.run(*restore, "--data-only", code=2).err
    assert counts(two_tables) == [1, 0]


def test_a_partitioned_table_is_not_restored_without_its_partitions(
    postgresql_with: Callable[[str], Deployment],
) -> None:
    deployment = postgresql_with(
        "CREATE TABLE log (id int PRIMARY KEY) PARTITION BY RANGE (id);"
        "CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM (0) TO (10);"
        "CREATE TABLE log_2 PARTITION OF log FOR VALUES FROM (10) TO (20);"
        "INSERT INTO log SELECT generate_series(0, 19)"
    )
    deployment.run("backup_db")
    with unchanged(deployment):
        assert "public.log_1" in deployment.run(*RESTORE, "--table", "log_1", code=2).err
        deployment.run(*RESTORE, "--table", "log_1", "--data-only")
        deployment.run(*RESTORE, "--table", "log", "--table", "log_1", "--table", "log_2")


def test_a_table_restored_alone_keeps_all_that_is_its_own(postgresql_with: Callable[[str], Deployment]) -> None:
    deployment = postgresql_with(
        "CREATE TABLE post (id serial PRIMARY KEY, number int GENERATED ALWAYS AS IDENTITY (START 5));"
        "COMMENT ON SEQUENCE post_id_seq IS 'of the column';"
        "COMMENT ON SEQUENCE post_number_seq IS 'of the identity';"
        "INSERT INTO post DEFAULT VALUES"
    )
    deployment.run("backup_db")
    with unchanged(deployment):
        deployment.run(*RESTORE, "--table", "post")
    deployment.execute("CREATE PUBLICATION changes FOR TABLE post")
    with unchanged(deployment):
        assert "publication table changes public.post" in deployment.run(*RESTORE, "--table", "post").out


def test_settings_of_a_role_change_no_value(postgresql_with: Callable[[str], Deployment]) -> None:
    deployment = postgresql_with(
        "CREATE TABLE value (words text[], price money); INSERT INTO value VALUES (ARRAY['a', NULL], '1234.56')"
    )
    deployment.run("backup_db")
    deployment.execute(f"ALTER DATABASE {deployment.name()} SET array_nulls = off")
    with unchanged(deployment):
        deployment.run(*RESTORE)


@pytest.mark.parametrize("scope", [(), ("--data-only",)], ids=["full", "data-only"])
def test_rows_of_sqlite_keep_their_numbers(tmp_path: Path, scope: tuple[str, ...]) -> None:
    deployment = sqlite_deployment(tmp_path)
    deployment = replace(deployment, databases={"default": deployment.databases["default"]})
    deployment.execute("CREATE TABLE word (rowid TEXT, text TEXT)")
    deployment.execute("INSERT INTO word VALUES ('a', 'first'), ('b', 'second'), ('c', 'third')")
    deployment.execute("DELETE FROM word WHERE text = 'second'")
    deployment.run("backup_db")
    deployment.run(*RESTORE, "--table", "word", *scope)
    assert deployment.execute("SELECT _rowid_, rowid FROM word") == [(1, "a"), (3, "c")]
