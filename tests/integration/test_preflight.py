"""What would stop a backup half-way is said before anything is locked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tests.deployment import Deployment
from tests.integration.test_refusals import assert_helpful
from tests.neighbours import pooler, stand_by
from tests.servers import Server, start
from tests.templates import OWNER, PASSWORD, server_databases

ROWS = """
    CREATE TABLE account (id integer PRIMARY KEY, balance integer);
    INSERT INTO account SELECT n, 10 * n FROM generate_series(1, 100) n
"""


@contextmanager
def serving(folder: Path, script: str = ROWS, **settings: str) -> Iterator[Deployment]:
    """A server of its own, with settings that no other test wants."""
    with start(18, settings=settings) as server:
        server.create_role(OWNER, "LOGIN SUPERUSER", password=PASSWORD)
        server.create_database("shop")
        server.psql(script, "shop")
        yield Deployment(folder, server_databases(server, {"default": "shop"}), server)


def at(deployment: Deployment, **changes: str) -> Deployment:
    databases = {alias: {**settings, **changes} for alias, settings in deployment.databases.items()}
    return replace(deployment, databases=databases)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Deployment]:
    with serving(tmp_path) as deployment:
        yield deployment


def the_server(deployment: Deployment) -> Server:
    assert deployment.server is not None
    return deployment.server


@pytest.mark.parametrize("mode", ["transaction", "statement"])
def test_a_pooler_that_shares_sessions_is_refused_and_left_clean(shop: Deployment, mode: str) -> None:
    with pooler(the_server(shop), mode, OWNER, PASSWORD) as port:
        assert_helpful(at(shop, PORT=str(port)).run("backup_db", code=1), "session mode")
        assert shop.files() == []
        # Whoever gets the server's session next must not find our settings in it.
        dsn = f"host=127.0.0.1 port={port} user={OWNER} password={PASSWORD} dbname=shop"
        with psycopg.connect(dsn, autocommit=True, prepare_threshold=None) as connection:
            assert connection.execute("SHOW row_security").fetchone() == ("on",)


def test_a_pooler_in_session_mode_is_as_good_as_the_server(shop: Deployment) -> None:
    with pooler(the_server(shop), "session", OWNER, PASSWORD) as port:
        at(shop, PORT=str(port)).run("backup_db")


def test_too_few_connections_are_told_with_the_limit(shop: Deployment) -> None:
    server = the_server(shop)
    # Django has a connection of its own.
    server.create_role("clerk", "LOGIN CONNECTION LIMIT 3", password=PASSWORD)
    server.psql("GRANT pg_read_all_data TO clerk")
    clerk = at(shop, USER="clerk")
    told = clerk.run("backup_db", "--jobs", "4")
    assert "connection limit of the role clerk (3)" in told.text
    server.psql("ALTER ROLE clerk CONNECTION LIMIT 2")
    assert_helpful(clerk.run("backup_db", code=1), "two connections")
    while server.psql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'clerk'") != "0":
        pass
    server.psql("ALTER ROLE clerk CONNECTION LIMIT -1; ALTER DATABASE shop CONNECTION LIMIT 3")
    assert "connection limit of the database shop (3)" in clerk.run("backup_db", "--jobs", "3").text


def test_more_tables_than_locks_are_refused_before_the_server_runs_out_of_them(tmp_path: Path) -> None:
    few = {
        "max_locks_per_transaction": "10",
        "max_connections": "10",
        "max_worker_processes": "1",
        "max_wal_senders": "0",
    }
    with serving(tmp_path, ROWS, **few) as shop:
        for first in range(0, 900, 20):
            tables = "; ".join(f"CREATE TABLE t{number} (a int)" for number in range(first, first + 20))
            shop.execute(tables)
        failed = shop.run("backup_db", code=1)
        assert_helpful(failed, "max_locks_per_transaction")
        assert "901 tables" in failed.text
        shop.execute("DO $$ BEGIN FOR n IN 100..899 LOOP EXECUTE 'DROP TABLE t' || n; COMMIT; END LOOP; END $$")
        assert "max_locks_per_transaction should be" in shop.run("backup_db").text


def test_every_relation_without_rights_is_named_at_once(shop: Deployment) -> None:
    server = the_server(shop)
    server.create_role("clerk", "LOGIN", password=PASSWORD)
    shop.execute("CREATE SCHEMA closed; CREATE TABLE closed.door (a int); CREATE SEQUENCE tickets")
    shop.execute("GRANT SELECT ON closed.door TO clerk")
    failed = at(shop, USER="clerk").run("backup_db", code=1)
    for name in ("account", "door", "tickets", "pg_read_all_data"):
        assert_helpful(failed, name)
    server.psql("GRANT pg_read_all_data TO clerk", "shop")
    at(shop, USER="clerk").run("backup_db")


def test_row_security_that_would_hide_rows_is_named(shop: Deployment) -> None:
    server = the_server(shop)
    server.create_role("clerk", "LOGIN", password=PASSWORD)
    shop.execute("GRANT pg_read_all_data TO clerk; ALTER TABLE account ENABLE ROW LEVEL SECURITY")
    clerk = at(shop, USER="clerk")
    assert_helpful(clerk.run("backup_db", code=1), "account")
    clerk.run("backup_db", "--exclude-table-data", "account")
    server.psql("ALTER ROLE clerk BYPASSRLS")
    clerk.run("backup_db")


def test_a_read_only_default_is_no_obstacle(shop: Deployment) -> None:
    shop.execute(f"ALTER ROLE {OWNER} SET default_transaction_read_only = on")
    shop.run("backup_db")


def test_a_standby_is_backed_up_and_its_unlogged_tables_are_named(shop: Deployment) -> None:
    shop.execute("CREATE UNLOGGED TABLE cache (a int); INSERT INTO cache VALUES (1)")
    with stand_by(the_server(shop)) as standby:
        behind = at(replace(shop, server=standby), PORT=str(standby.port))
        assert_helpful(behind.run("backup_db", code=1), "cache")
        told = behind.run("backup_db", "--exclude-table-data", "cache")
        assert "max_standby_streaming_delay" in told.text
