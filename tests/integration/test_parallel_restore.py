"""A restore over several connections: as pg_dump sees it nothing differs, and a failure leaves the live database alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tests.deployment import PATIENCE, Deployment

WEB = (Path(__file__).parent.parent / "rust" / "schemas" / "web.sql").read_text()
SWAP = ("restore_db", "latest", "--strategy", "swap", "--no-input", "--verify")
# Takes for ever to load, but not where it was made.
SLOW = """
    CREATE FUNCTION slow(integer) RETURNS boolean IMMUTABLE LANGUAGE sql AS
        $$ SELECT CASE WHEN current_database() ~ '^(script|shop)' THEN true ELSE pg_sleep(3600) IS NOT NULL END $$;
    CREATE TABLE slow (id integer, done boolean GENERATED ALWAYS AS (slow(id)) STORED);
    INSERT INTO slow VALUES (1);
"""
# Its index tells how many processes may build it.
TELLING = """
    CREATE FUNCTION telling(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS
        $$ BEGIN RAISE WARNING '% workers', current_setting('max_parallel_maintenance_workers'); RETURN $1; END $$;
    CREATE TABLE telling AS SELECT 1 AS id;
    CREATE INDEX ON telling (telling(id));
"""
LOADING = "query LIKE 'COPY \"public\".\"slow\"%' AND wait_event = 'PgSleep'"


@pytest.mark.parametrize("jobs", [1, 2, 6])
def test_it_is_what_pg_dump_sees(postgresql_with: Callable[[str], Deployment], jobs: int) -> None:
    web = replace(postgresql_with(WEB), settings={"DATABASES": ["default"]})
    server = web.server
    assert server is not None
    before = server.pg_dump(web.name(), "--schema-only", "--no-owner")
    written = server.log.stat().st_size
    web.run("backup_db", "--jobs", jobs)
    web.run(*SWAP, "--jobs", jobs)
    assert server.pg_dump(web.name(), "--schema-only", "--no-owner") == before
    assert "deadlock" not in server.log.read_text(errors="replace")[written:]
    analyzed = "SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 2200 AND reltuples < 0"
    assert server.psql(analyzed, web.name()) == "0"
    web.run("restore_db", "--drop-old", "--no-input")


@pytest.mark.parametrize("strategy", ["in-place", "swap"])
def test_rows_are_the_same_in_every_time_zone(postgresql_with: Callable[[str], Deployment], strategy: str) -> None:
    zones = postgresql_with("""
        CREATE TABLE moment (at timestamptz);
        INSERT INTO moment VALUES ('2026-03-29 00:30Z'), ('1890-01-01 00:00Z'), ('infinity'), (NULL);
        SET TimeZone = 'Asia/Kathmandu';
        CREATE MATERIALIZED VIEW seen AS SELECT at::text FROM moment;
    """)
    assert zones.server is not None
    name, seen = zones.name(), "SELECT md5(string_agg(at, ',')) FROM seen"
    zones.execute(f"ALTER DATABASE {name} SET TimeZone = 'Asia/Kathmandu'")
    before = zones.execute(seen)
    zones.run("backup_db")
    zones.run("validate_backup", "--deep", "latest")
    zones.execute("DELETE FROM moment WHERE at > now()")
    zones.run("restore_db", "latest", "--strategy", strategy, "--no-input", "--verify")
    # What is computed from the rows is computed in the zone of the database still.
    assert zones.execute(seen) == before
    zones.execute(f"ALTER DATABASE {name} SET TimeZone = 'America/Caracas'")
    zones.run("restore_db", "latest", "--strategy", strategy, "--no-input", "--verify")
    zones.run("restore_db", "--drop-old", "--no-input")


def test_a_connection_cut_in_the_middle_leaves_the_live_database(postgresql_with: Callable[[str], Deployment]) -> None:
    slow = replace(postgresql_with(WEB + SLOW), settings={"DATABASES": ["default"]})
    server = slow.server
    assert server is not None
    slow.run("backup_db")
    slow.execute("CREATE TABLE since AS SELECT 1 AS a")
    with slow.primed(*SWAP) as process, psycopg.connect(server.dsn("postgres"), autocommit=True) as observed:
        while not observed.execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {LOADING}"
        ).fetchall():
            assert process.poll() is None
        printed, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1, printed
    assert "public.slow" in printed
    assert "Traceback" not in printed
    assert slow.execute("SELECT a FROM since") == [("1",)]
    assert server.psql("SELECT datname FROM pg_database WHERE datname LIKE 'holdfast%'") == ""
    slow.settle()


@pytest.mark.parametrize("jobs", [1, 2, 6])
def test_index_builds_beside_each_other_leave_the_processors_to_each_other(
    postgresql_with: Callable[[str], Deployment], jobs: int
) -> None:
    telling = replace(postgresql_with(TELLING), settings={"DATABASES": ["default"]})
    telling.run("backup_db")
    told = telling.run(*SWAP, "--jobs", jobs).text
    own, processors = int(telling.execute("SHOW max_parallel_maintenance_workers")[0][0]), len(os.sched_getaffinity(0))
    assert f"{min(own, max(0, processors // jobs - 1))} workers" in told
    telling.run("restore_db", "--drop-old", "--no-input")
