"""Large objects by the ten thousands: few round trips, and never more locks than the server has room for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.deployment import Deployment
from tests.servers import Server, start
from tests.templates import PASSWORD

MANY = 40_000
SMALL = f"SELECT count(lo_from_bytea(0, 'x')) FROM generate_series(1, {MANY})"

# The beginning of each is read together with those of others, the rest alone: lengths around the seam.
LONG = """
    SELECT lo_from_bytea(4700 + n, decode(repeat(md5(n::text), length / 32), 'hex') || decode(repeat('ff', rest), 'hex'))
      FROM (VALUES (1, 0, 0), (2, 2097152, 0), (3, 2097152, 1), (4, 2097120, 15), (5, 5242880, 7), (6, 4194304, 0))
           piece(n, length, rest)
"""
RIGHTS = """
    COMMENT ON LARGE OBJECT 4701 IS 'the empty one';
    GRANT SELECT ON LARGE OBJECT 4702 TO pg_monitor;
"""
STATE = """
    SELECT count(*), md5(string_agg(concat_ws('|', oid, md5(lo_get(oid)), lomowner::regrole, lomacl,
                                              obj_description(oid, 'pg_largeobject')), ',' ORDER BY oid))
      FROM pg_largeobject_metadata
"""
CHANGE = "SELECT count(lo_unlink(oid)) FROM (SELECT oid FROM pg_largeobject_metadata LIMIT 1000) gone"

Archive = Callable[[Server, str], Deployment]


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """A database of a role that is no superuser and cannot read `pg_largeobject`."""
    made: list[Server] = []

    def make(server: Server, content: str) -> Deployment:
        made.append(server)
        server.create_role("archivist", "LOGIN CREATEDB", password=PASSWORD)
        server.psql("CREATE DATABASE archive OWNER archivist")
        server.psql(f"SET SESSION AUTHORIZATION archivist; {content}", "archive")
        address = {"HOST": server.host, "PORT": str(server.port), "USER": "archivist", "PASSWORD": PASSWORD}
        return Deployment(
            tmp_path, {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "archive", **address}}, server
        )

    yield make
    for server in made:
        for name in server.psql("SELECT datname FROM pg_database WHERE datdba = 'archivist'::regrole").splitlines():
            server.psql(f'DROP DATABASE "{name}" WITH (FORCE)')
        server.psql("DROP ROLE archivist")


def in_other_numbers(deployment: Deployment) -> None:
    """All are replaced by as many with other numbers, in steps that the server has room for."""
    deployment.execute(
        f"DO $$ BEGIN WHILE EXISTS (SELECT FROM pg_largeobject_metadata) LOOP PERFORM 1 FROM ({CHANGE}) step; COMMIT; "
        "END LOOP; END $$"
    )
    deployment.execute(f"SET SESSION AUTHORIZATION archivist; {SMALL}")


def test_more_than_can_be_locked_are_restored_by_a_swap(servers: Callable[[int], Server], archive: Archive) -> None:
    deployment = archive(servers(18), f"{SMALL}; {LONG}; {RIGHTS}")
    before = deployment.execute(STATE)
    deployment.run("backup_db")
    in_other_numbers(deployment)
    changed = deployment.execute(STATE)
    assert changed != before

    for refused in ("--dry-run", "--no-input"):
        failed = deployment.run("restore_db", "latest", "--strategy", "in-place", "--owners", refused, code=1).text
        assert f"{2 * MANY + 6} large objects have to be locked" in failed
        # 100 connections, and 100 locks for catalogs.
        assert f"max_locks_per_transaction to {(2 * MANY + 6 + 100) // 100 + 1} or more" in failed
        assert "--strategy swap" in failed
    failed = deployment.run("restore_db", "latest", "--data-only", "--no-input", code=1).text
    assert "large objects have to be locked" in failed
    assert "swap" not in failed
    assert deployment.execute(STATE) == changed

    assert "more locks than the server has room for" in deployment.run("restore_db", "latest", "--dry-run").text
    deployment.run("restore_db", "latest", "--owners", "--no-input")
    assert deployment.execute(STATE) == before


def test_with_room_they_are_restored_in_place(archive: Archive) -> None:
    with start(18, settings={"max_locks_per_transaction": "802"}) as server:
        deployment = archive(server, f"{SMALL}; {LONG}; {RIGHTS}")
        before = deployment.execute(STATE)
        deployment.run("backup_db")
        in_other_numbers(deployment)
        deployment.run("restore_db", "latest", "--owners", "--no-input", "--no-safety-backup", "--strategy", "in-place")
        assert deployment.execute(STATE) == before
        deployment.run("restore_db", "latest", "--data-only", "--no-input", "--no-safety-backup")
