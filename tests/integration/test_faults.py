"""Faults on the server's side: each ends in a message, the source unharmed, the target as before, nothing left behind."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest

from tests.deployment import PATIENCE, Deployment
from tests.gate import Gate
from tests.integration.test_refusals import assert_helpful
from tests.servers import start
from tests.templates import OWNER, PASSWORD, server_databases

# Two blocks of 32 MiB, so that two connections read it.
LARGE = """
    CREATE TABLE large (id integer PRIMARY KEY, body text);
    ALTER TABLE large ALTER COLUMN body SET STORAGE PLAIN;
    INSERT INTO large SELECT n, repeat(md5(n::text), 60) FROM generate_series(1, 24000) n
"""
# More than all catalogs, and less than either connection reads of the table.
INSIDE = 4 << 20

STRATEGIES = ("in-place",)


@pytest.fixture
def large(postgresql_with: Callable[[str], Deployment]) -> Deployment:
    return replace(postgresql_with(LARGE), settings={"DATABASES": ["default"]})


@contextmanager
def session(deployment: Deployment, user: str = "postgres") -> Iterator[psycopg.Connection]:
    assert deployment.server is not None
    with psycopg.connect(deployment.server.dsn(deployment.name(), user=user), autocommit=True) as connection:
        yield connection


@dataclass(frozen=True)
class Held:
    """A backup that stands still in the middle of the large table."""

    process: subprocess.Popen[str]
    gate: Gate

    def finish(self) -> str:
        """Let it go on to its end, and give what it printed."""
        self.gate.open()
        printed, _ = self.process.communicate(timeout=PATIENCE)
        return printed


@contextmanager
def backing_up(deployment: Deployment, *options: str) -> Iterator[Held]:
    server = deployment.server
    assert server is not None
    with Gate(server.host, server.port, after=INSIDE) as gate:
        behind = {**deployment.databases["default"], "PORT": str(gate.port)}
        held = replace(deployment, databases={**deployment.databases, "default": behind})
        with held.primed("backup_db", *options) as process:
            while not gate.reached.wait(0.1):
                assert process.poll() is None
            yield Held(process, gate)


def assert_nothing_left(deployment: Deployment) -> None:
    """No file, no connection but those of the test."""
    assert deployment.files() == []
    deployment.settle()


def cut(deployment: Deployment, victim: str) -> None:
    """End one connection of the backup."""
    server = deployment.server
    assert server is not None
    chosen = f"SELECT pid FROM pg_stat_activity WHERE datname = '{deployment.name()}' AND {victim} LIMIT 1"
    assert server.psql(f"SELECT pg_terminate_backend(pid) FROM ({chosen}) chosen") == "t"


def assert_cut_short(deployment: Deployment, backup: Held, printed: str) -> None:
    assert backup.process.returncode == 1, printed
    assert "Traceback" not in printed
    assert "administrator" in printed or "the server closed the connection" in printed, printed
    assert "run it again" in printed
    assert "SELECT" not in printed
    assert_nothing_left(deployment)


def test_a_connection_cut_while_it_reads(large: Deployment) -> None:
    before = large.execute("SELECT count(*), sum(hashtext(body)) FROM large")
    with backing_up(large, "--jobs", "2") as backup:
        cut(large, "query LIKE 'COPY %large%' AND state = 'active'")
        assert_cut_short(large, backup, backup.finish())
    assert large.execute("SELECT count(*), sum(hashtext(body)) FROM large") == before


def test_a_backup_whose_leader_is_cut_reads_no_further(large: Deployment) -> None:
    """The leader holds the locks of all tables that nobody reads yet; without them the schema may change."""
    with backing_up(large, "--jobs", "2") as backup:
        cut(large, "state = 'idle in transaction' AND query NOT LIKE 'COPY%'")
        # Nothing lets the workers go on.
        printed, _ = backup.process.communicate(timeout=PATIENCE)
        assert_cut_short(large, backup, printed)
        assert "held the tables" in printed
        assert "administrator" in printed


def test_a_table_dropped_between_listing_and_locking(large: Deployment) -> None:
    """It is gone from the snapshot too: the backup begins again and holds what there is."""
    large.execute("CREATE TABLE doomed AS SELECT 1 AS a; CREATE TABLE shape AS SELECT 2 AS b")
    with session(large) as other:
        other.execute("BEGIN")
        other.execute("DROP TABLE doomed; DROP TABLE shape; CREATE VIEW shape AS SELECT 3 AS b")
        with large.primed("backup_db", "--format", "json") as process:
            assert large.server is not None
            waiting = (
                f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{large.name()}' AND wait_event_type = 'Lock'"
            )
            while large.server.psql(waiting) == "0":
                assert process.poll() is None
            other.execute("COMMIT")
            printed, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, printed
    large.execute("DROP VIEW shape; DROP TABLE large")
    large.run("restore_db", "--no-input", "--no-safety-backup")
    assert large.execute("SELECT to_regclass('doomed') IS NULL, b FROM shape") == [("t", "3")]
    assert large.execute("SELECT count(*) FROM large") == [("24000",)]


def test_a_change_of_the_schema_waits_until_the_backup_has_ended(large: Deployment) -> None:
    with backing_up(large, "--jobs", "1") as backup, session(large) as other:
        other.execute("SET lock_timeout = '300ms'")
        for statement in ("ALTER TABLE large ADD COLUMN torn integer", "TRUNCATE large", "DROP TABLE large"):
            with pytest.raises(psycopg.errors.LockNotAvailable):
                other.execute(statement)
        assert backup.process.poll() is None


def test_somebody_who_waits_for_a_table_stops_the_backup(large: Deployment) -> None:
    """A worker that waited behind a migration, which waits for the leader, would wait for ever."""
    # The smaller table is read last; the migration has come by then.
    large.execute("CREATE TABLE small AS SELECT 1 AS a")
    with backing_up(large, "--jobs", "1") as backup, session(large) as other:
        sent = subprocess.Popen(
            [*_psql(large), "-c", "ALTER TABLE small ADD COLUMN b integer"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=_environment(large),
        )  # fmt: skip
        waiting = "SELECT count(*) FROM pg_locks WHERE relation = 'small'::regclass AND NOT granted"
        while other.execute(waiting).fetchone() == (0,):
            assert sent.poll() is None
        printed = backup.finish()
        migrated, _ = sent.communicate(timeout=PATIENCE)
    assert sent.returncode == 0, migrated
    assert backup.process.returncode == 1, printed
    assert "small" in printed
    assert "exclusive lock" in printed
    assert_nothing_left(large)


def _psql(deployment: Deployment) -> list[str]:
    server = deployment.server
    assert server is not None
    return [str(server.ca.parents[1] / "client" / "bin" / "psql"), "-X", server.dsn(deployment.name())]


def _environment(deployment: Deployment) -> dict[str, str]:
    return {"PATH": os.defpath, "HOME": str(deployment.folder), "LC_ALL": "C.UTF-8"}


def test_a_table_that_the_role_may_not_read_is_named(large: Deployment) -> None:
    server = large.server
    assert server is not None
    role = f"clerk_{large.name()}"
    server.create_role(role, "LOGIN", password=PASSWORD)
    try:
        large.execute(f"CREATE TABLE secret AS SELECT 1 AS a; GRANT SELECT ON large TO {role}; CREATE SEQUENCE hidden")
        clerk = replace(
            large,
            databases={alias: {**settings, "USER": role} for alias, settings in large.databases.items()},
            settings={"DATABASES": ["default"]},
        )
        assert_helpful(clerk.run("backup_db", code=1), "secret")
        assert_nothing_left(large)
        large.execute(f"GRANT SELECT ON secret TO {role}")
        assert_helpful(clerk.run("backup_db", code=1), "hidden")
        large.execute(f"GRANT SELECT ON hidden TO {role}")
        clerk.run("backup_db")
    finally:
        large.execute(f"DROP OWNED BY {role}")
        server.psql(f"DROP ROLE {role}")


@pytest.fixture
def crammed(tmp_path: Path) -> Iterator[Deployment]:
    """A server that can make no file larger than 8 MB: what it says and does is what a full disk makes it say and do."""
    with start(18) as server:
        server.create_role(OWNER, "LOGIN SUPERUSER", password=PASSWORD)
        for name in ("source", "target"):
            server.create_database(name, f"OWNER {OWNER}")
        server.psql(LARGE, "source")
        server.psql("CREATE TABLE kept AS SELECT n FROM generate_series(1, 1000) n", "target")
        server.psql("CHECKPOINT")
        deployment = Deployment(tmp_path, server_databases(server, {"default": "source", "second": "target"}), server)
        deployment.run("backup_db", "--database", "default")
        server.stop()
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8 << 20, hard))
        try:
            # It inherits the limit.
            server.launch()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        yield deployment


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_disk_of_the_server_that_fills_up(crammed: Deployment, strategy: str) -> None:
    server = crammed.server
    assert server is not None
    outcome = crammed.run(
        "restore_db", crammed.newest(), "--database", "second", "--no-input", "--no-safety-backup",
        "--strategy", strategy, code=1,
    )  # fmt: skip
    assert_helpful(outcome, "could not extend file")
    assert server.psql("SELECT count(*) FROM kept", "target") == "1000"
    assert server.psql("SELECT to_regclass('large') IS NULL", "target") == "t"
    assert server.psql("SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database") == (
        "postgres source target template0 template1"
    )
