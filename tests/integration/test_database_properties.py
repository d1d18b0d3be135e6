"""The database itself: settings, those of roles in it, its comment and rights; whatever the database is called."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.test_requirements import backup, made
from tests.servers import Server

SECRET = "kept-very-secret-9135"

SETTINGS = f"""
    ALTER DATABASE properties_source SET work_mem = '77MB';
    ALTER DATABASE properties_source SET search_path = "$user", 'it''s "odd", name', public;
    ALTER DATABASE properties_source SET temp_tablespaces = '';
    ALTER DATABASE properties_source SET my.secret = 'it''s {SECRET} \\ 100%';
    ALTER DATABASE properties_source SET default_transaction_read_only = off;
    COMMENT ON DATABASE properties_source IS 'it''s \\ the source
        in lines';
    CREATE ROLE "properties 'role'";
    CREATE ROLE properties_other;
    ALTER ROLE "properties 'role'" IN DATABASE properties_source SET statement_timeout = '7s';
    ALTER ROLE properties_other IN DATABASE properties_source SET search_path = '';
    REVOKE TEMPORARY ON DATABASE properties_source FROM PUBLIC;
    GRANT CREATE ON DATABASE properties_source TO "properties 'role'" WITH GRANT OPTION;
    GRANT CONNECT, TEMPORARY ON DATABASE properties_source TO properties_other;
    CREATE TABLE t (id integer);
"""
OTHERS = """
    ALTER DATABASE properties_target SET work_mem = '1MB';
    ALTER DATABASE properties_target SET maintenance_work_mem = '9MB';
    ALTER ROLE properties_other IN DATABASE properties_target SET work_mem = '3MB';
    GRANT CREATE ON DATABASE properties_target TO properties_other;
    REVOKE CONNECT ON DATABASE properties_target FROM PUBLIC;
"""
# What CREATE DATABASE is told is the administrator's.
CREATE = re.compile(r"(?m)^(CREATE|DROP) DATABASE .*$")


def properties(server: Server, name: str) -> str:
    text = CREATE.sub("", server.pg_dump(name, "--create", "--schema-only")).replace(name, "DATABASE")
    # Settings have an order that means nothing.
    return "\n".join(sorted(text.splitlines()))


@pytest.fixture(params=(15, 18))
def server(request: pytest.FixtureRequest, servers: Callable[[int], Server]) -> Server:
    return servers(request.param)


@pytest.fixture
def file(server: Server, tmp_path: Path) -> Path:
    server.psql("DROP DATABASE IF EXISTS properties_source; DROP DATABASE IF EXISTS properties_target")
    server.psql("DROP ROLE IF EXISTS \"properties 'role'\", properties_other")
    return backup(made(server, tmp_path / "source", "properties_source"), SETTINGS)


def test_restored_with_all_that_belongs_to_it(server: Server, file: Path, tmp_path: Path) -> None:
    target = made(server, tmp_path / "target", "properties_target")
    server.psql(OTHERS)
    plan = target.run("restore_db", file, "--owners", "--dry-run").out
    for named in (
        "database setting maintenance_work_mem",
        "database setting my.secret",
        "the database setting work_mem is set as in the backup",
        "role setting properties_other: work_mem",
        "role setting properties 'role': statement_timeout",
    ):
        assert named in plan
    restored = target.run("restore_db", file, "--owners", "--no-input", "--no-safety-backup")
    assert properties(server, "properties_target") == properties(server, "properties_source")
    assert SECRET not in plan + restored.text
    # A second time there is nothing to change.
    plan = target.run("restore_db", file, "--owners", "--dry-run").out
    assert "setting" not in plan


def test_restored_without_owners(server: Server, file: Path, tmp_path: Path) -> None:
    target = made(server, tmp_path / "target", "properties_target")
    server.psql(OTHERS)
    before = server.psql("SELECT datacl FROM pg_database WHERE datname = 'properties_target'")
    plan = target.run("restore_db", file, "--dry-run").out
    assert "role setting" not in plan
    target.run("restore_db", file, "--no-input", "--no-safety-backup")
    kept = server.psql("SELECT datacl FROM pg_database WHERE datname = 'properties_target'")
    assert kept == before
    of_database = re.compile(r"(?m)^ALTER DATABASE .*$|^COMMENT ON DATABASE .*$")
    source, restored = (
        of_database.findall(properties(server, name)) for name in ("properties_source", "properties_target")
    )
    assert sorted(restored) == sorted(source)
    assert "work_mem TO '3MB'" in properties(server, "properties_target")


def test_restored_by_psql(server: Server, file: Path, tmp_path: Path) -> None:
    made(server, tmp_path / "target", "properties_target")
    server.psql(OTHERS)
    server.client("psql", "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-d", "properties_target", stdin=script(file))
    assert properties(server, "properties_target") == properties(server, "properties_source")


def test_a_role_without_the_rights_is_told(server: Server, file: Path, tmp_path: Path) -> None:
    """Who owns the tables need not own the database; a value is in no message."""
    server.psql("DROP ROLE IF EXISTS properties_plain")
    server.create_role("properties_plain", "LOGIN", password="properties-plain-1")
    target = made(server, tmp_path / "target", "properties_target")
    server.psql("GRANT CREATE ON DATABASE properties_target TO properties_plain", "properties_target")
    server.psql("GRANT ALL ON SCHEMA public TO properties_plain", "properties_target")
    target.databases["default"] |= {"USER": "properties_plain", "PASSWORD": "properties-plain-1"}
    text = target.run("restore_db", file, "--owners", "--no-input", "--no-safety-backup").text
    assert "the database setting work_mem was not restored (42501)" in text
    assert SECRET not in text
    assert server.psql("SELECT count(*) FROM t", "properties_target") == "0"
    server.psql("DROP DATABASE properties_target; DROP ROLE properties_plain")


def script(file: Path) -> str:
    with gzip.open(file, "rt") as text:
        return text.read()
