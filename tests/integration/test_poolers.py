"""What stands between Django and the server sees nothing at the start of a session that Django does not send."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.deployment import Deployment
from tests.integration.test_refusals import assert_helpful
from tests.neighbours import pooler
from tests.servers import Server
from tests.templates import PASSWORD, server_databases

CLERK = "pooled_clerk"
ROLES = f"""
    CREATE ROLE pooled_owner CREATEDB;
    CREATE ROLE pooled_reader;
    CREATE ROLE {CLERK} LOGIN NOINHERIT PASSWORD '{PASSWORD}' IN ROLE pooled_owner
"""
# A grant on the database that the owner did not make himself: a swap repeats it in the name of who did.
SHOP = """
    SET ROLE pooled_owner;
    CREATE SCHEMA stock;
    CREATE TABLE stock.item (id integer PRIMARY KEY, name text);
    INSERT INTO stock.item SELECT n, 'item ' || n FROM generate_series(1, 100) n;
    GRANT CONNECT ON DATABASE pooled TO pooled_clerk WITH GRANT OPTION;
    SET ROLE pooled_clerk;
    GRANT CONNECT ON DATABASE pooled TO pooled_reader
"""
OWNED = (
    "SELECT count(*) FROM pg_class WHERE relnamespace = 'stock'::regnamespace AND relowner <> 'pooled_owner'::regrole"
)
GRANTS = "SELECT datdba::regrole || ' ' || datacl::text FROM pg_database WHERE datname = 'pooled'"


@pytest.fixture
def shop(servers: Any, tmp_path: Path) -> Iterator[Deployment]:
    """A database whose owner cannot log in, and whose application can do nothing but act as him."""
    server = servers(18)
    server.psql(ROLES)
    server.psql("CREATE DATABASE pooled OWNER pooled_owner")
    server.psql(SHOP, "pooled")
    (settings,) = server_databases(server, {"default": "pooled"}).values()
    settings |= {"USER": CLERK, "OPTIONS": {"assume_role": "pooled_owner"}}
    yield Deployment(tmp_path, {"default": settings}, server)
    kept = server.psql("SELECT datname FROM pg_database WHERE datname ~ '^pooled' OR datname ~ '^holdfast_'").split()
    for name in kept:
        server.psql(f'DROP DATABASE "{name}" WITH (FORCE)')
    server.psql(f"DROP ROLE {CLERK}; DROP ROLE pooled_reader; DROP ROLE pooled_owner")


def server_of(shop: Deployment) -> Server:
    assert shop.server is not None
    return shop.server


def through(shop: Deployment, port: int) -> None:
    shop.databases["default"]["PORT"] = str(port)


@pytest.mark.parametrize("ignored", ["", "options, extra_float_digits"], ids=["strict", "lenient"])
def test_a_role_is_taken_on_behind_a_pooler_in_session_mode(shop: Deployment, ignored: str) -> None:
    server = server_of(shop)
    before = server.psql(GRANTS)
    with pooler(server, "session", CLERK, PASSWORD, ignore_startup_parameters=ignored) as port:
        through(shop, port)
        shop.run("backup_db", "--jobs", "3", "--verbosity=0")
        (backup,) = shop.backups.glob("*.gz")
        shop.run("validate_backup", "--deep", backup.name)
        for strategy in ("in-place", "swap"):
            server.psql("SET ROLE pooled_owner; UPDATE stock.item SET name = 'lost'", "pooled")
            shop.run("restore_db", backup.name, "--no-input", "--strategy", strategy, "--verify", "--no-safety-backup")
            assert server.psql("SELECT count(*) FROM stock.item WHERE name LIKE 'item %'", "pooled") == "100"
            assert server.psql(OWNED, "pooled") == "0"
            assert server.psql(GRANTS) == before
        shop.run("restore_db", "--undo", "--no-input")


@pytest.mark.parametrize("mode", ["transaction", "statement"])
def test_a_restore_through_shared_sessions_is_refused_and_leaves_them_clean(shop: Deployment, mode: str) -> None:
    server = server_of(shop)
    shop.run("backup_db", "--verbosity=0")
    with pooler(server, mode, CLERK, PASSWORD) as port:
        through(shop, port)
        for command in (
            ("restore_db", "latest", "--dry-run"), ("restore_db", "latest", "--no-input", "--no-safety-backup"),
            ("backup_db",),
        ):  # fmt: skip
            assert_helpful(shop.run(*command, code=1), "session mode")
        # Django itself takes the role on in a session that is not its own.
        dsn = f"host=127.0.0.1 port={port} user={CLERK} password={PASSWORD} dbname=pooled"
        with psycopg.connect(dsn, autocommit=True, prepare_threshold=None) as connection:
            for name, value in (("search_path", '"$user", public'), ("row_security", "on"), ("jit", "on")):
                assert connection.execute(f"SHOW {name}").fetchone() == (value,)


def test_a_pooler_that_knows_one_database_is_an_obstacle_for_a_swap(shop: Deployment) -> None:
    server = server_of(shop)
    with pooler(server, "session", CLERK, PASSWORD, database="pooled") as port:
        through(shop, port)
        shop.run("backup_db", "--verbosity=0")
        refused = shop.run("restore_db", "latest", "--strategy", "swap", "--no-input", code=2)
        assert_helpful(refused, "cannot be swapped")
        shop.run("restore_db", "latest", "--no-input", "--verbosity=0")
        shop.run("validate_backup", "--deep", "latest")
