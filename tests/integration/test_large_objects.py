"""Large objects by the ten thousands: few round trips, and never more locks than the server has room for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deployment import Deployment
from tests.servers import Server, start
from tests.templates import PASSWORD

MANY = 40_000

# For these, as many others and 100 locks on catalogs, with 100 connections.
ENOUGH = str((2 * MANY + 6 + 100) // 100 + 1)

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


def archive(server: Server, folder: Path) -> Deployment:
    """A database of a role that is no superuser and cannot read `pg_largeobject`."""
    server.create_role("archivist", "LOGIN CREATEDB", password=PASSWORD)
    server.psql("CREATE DATABASE archive OWNER archivist")
    server.psql(f"SET SESSION AUTHORIZATION archivist; {SMALL}; {LONG}; {RIGHTS}", "archive")
    address = {"HOST": server.host, "PORT": str(server.port), "USER": "archivist", "PASSWORD": PASSWORD}
    databases = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "archive", **address}}
    return Deployment(folder, databases, server)


def in_other_numbers(deployment: Deployment) -> None:
    """All are replaced by as many with other numbers, in steps that the server has room for."""
    deployment.execute(
        f"DO $$ BEGIN WHILE EXISTS (SELECT FROM pg_largeobject_metadata) LOOP PERFORM 1 FROM ({CHANGE}) step; COMMIT; "
        "END LOOP; END $$"
    )
    deployment.execute(f"SET SESSION AUTHORIZATION archivist; {SMALL}")


@pytest.fixture
def locks(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Deployment]:
    """On a server with as many locks as the parameter says."""
    with start(18, settings={"max_connections": "100", "max_locks_per_transaction": request.param}) as server:
        yield archive(server, tmp_path)


@pytest.mark.parametrize("locks", ["64"], indirect=True)
def test_more_than_can_be_locked_are_restored_by_a_swap(locks: Deployment) -> None:
    before = locks.execute(STATE)
    locks.run("backup_db")
    in_other_numbers(locks)
    changed = locks.execute(STATE)
    assert changed != before

    asked = ("restore_db", "latest", "--strategy", "in-place", "--owners", "--no-safety-backup")
    for refused in ("--dry-run", "--no-input"):
        failed = locks.run(*asked, refused, code=1).text
        assert f"{2 * MANY + 6} large objects have to be locked" in failed
        assert f"max_locks_per_transaction to {ENOUGH} or more" in failed
        assert "--strategy swap" in failed
    failed = locks.run("restore_db", "latest", "--data-only", "--dry-run", code=1).text
    assert "large objects have to be locked" in failed
    assert "swap" not in failed
    assert locks.execute(STATE) == changed

    done = locks.run("restore_db", "latest", "--owners", "--no-input").text
    assert "is kept as archive__before_" in done
    assert locks.execute(STATE) == before


@pytest.mark.parametrize("locks", [ENOUGH], indirect=True)
def test_with_room_they_are_restored_in_place(locks: Deployment) -> None:
    before = locks.execute(STATE)
    locks.run("backup_db")
    in_other_numbers(locks)
    asked = ("restore_db", "latest", "--strategy", "in-place", "--no-input", "--no-safety-backup")
    locks.run(*asked, "--owners")
    assert locks.execute(STATE) == before
