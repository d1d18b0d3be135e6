"""What lesser roles own gets no rights of a superuser out of a restore, and a trial changes nothing beside it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from holdfast.alarms.state import FILE
from tests.deployment import Deployment
from tests.servers import Server


@dataclass
class Lesser:
    """A role that may make what it likes in the database, and tries to become a superuser by it."""

    name: str
    deployment: Deployment

    @property
    def server(self) -> Server:
        assert self.deployment.server is not None
        return self.deployment.server

    def own(self, script: str) -> None:
        self.deployment.execute(f"SET ROLE {self.name}; {script}")

    def is_superuser(self) -> bool:
        return self.server.psql(f"SELECT rolsuper FROM pg_roles WHERE rolname = '{self.name}'") == "t"


@pytest.fixture
def lesser(postgresql: Deployment) -> Iterator[Lesser]:
    name = f"lesser_{secrets.token_hex(4)}"
    assert postgresql.server is not None
    postgresql.server.create_role(name, "LOGIN CREATEROLE")
    postgresql.execute(f"CREATE SCHEMA theirs AUTHORIZATION {name}")
    try:
        yield Lesser(name, replace(postgresql, settings={"DATABASES": ["default"]}))
    finally:
        postgresql.execute(f"DROP OWNED BY {name} CASCADE; DROP ROLE {name}")


GRAB = """
CREATE FUNCTION theirs.grab(v integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $f$ BEGIN
  EXECUTE format('ALTER ROLE %I SUPERUSER', (SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'theirs'));
  RETURN v;
EXCEPTION WHEN OTHERS THEN RETURN v; END $f$;
"""
# How code of theirs would come to be run.
WAYS = {
    "index": "CREATE TABLE theirs.t (v integer); CREATE INDEX ON theirs.t (theirs.grab(v))",
    "check": "CREATE TABLE theirs.t (v integer CHECK (theirs.grab(v) IS NOT NULL))",
    "generated column": "CREATE TABLE theirs.t (v integer, w integer GENERATED ALWAYS AS (theirs.grab(v)) STORED)",
    "domain": "CREATE DOMAIN theirs.d AS integer CHECK (theirs.grab(VALUE) > 0); CREATE TABLE theirs.t (v theirs.d)",
    "operator": """CREATE OPERATOR theirs.!! (FUNCTION = theirs.grab, RIGHTARG = integer);
        CREATE TABLE theirs.t (v integer CHECK ((OPERATOR(theirs.!!) v) > 0))""",
    "materialized view": "CREATE TABLE theirs.t (v integer); CREATE VIEW theirs.w AS SELECT theirs.grab(v) AS g FROM theirs.t;"
    " CREATE MATERIALIZED VIEW theirs.m AS SELECT g FROM theirs.w",
    "statistics": "CREATE TABLE theirs.t (v integer, w integer); CREATE STATISTICS theirs.s ON (theirs.grab(v)), w FROM theirs.t",
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_superuser_runs_no_code_of_theirs_unasked(lesser: Lesser, way: str) -> None:
    lesser.own(f"{GRAB}; {way}; INSERT INTO theirs.t (v) VALUES (1)")
    site = lesser.deployment
    site.run("backup_db")
    before = site.states()
    refused = f"{lesser.name}"
    for command in (
        ("restore_db", "latest", "--dry-run"),
        ("restore_db", "latest", "--no-input", "--strategy=in-place", "--no-safety-backup"),
        ("restore_db", "latest", "--no-input", "--strategy=swap"),
        ("restore_db", "latest", "--no-input", "--table=theirs.t", "--no-safety-backup"),
        ("validate_backup", "latest", "--deep"),
    ):
        outcome = site.run(*command, code=1)
        assert "code that others own would run with all rights of the superuser" in outcome.err
        assert f"--trust-role {refused}" in outcome.err
        assert not lesser.is_superuser(), command
    site.assert_unchanged(before)
    # It is no fault of the backup.
    site.run("validate_backup", "latest")
    site.run(
        "restore_db", "latest", "--no-input", "--strategy=in-place", "--no-safety-backup", "--trust-role", lesser.name
    )
    assert site.execute("SELECT v FROM theirs.t") == [("1",)]
    lesser.server.psql(f"ALTER ROLE {lesser.name} NOSUPERUSER")


def test_whom_the_settings_trust_needs_no_flag(lesser: Lesser) -> None:
    lesser.own(f"{GRAB}; {WAYS['index']}; INSERT INTO theirs.t (v) VALUES (1)")
    site = replace(lesser.deployment, settings={"DATABASES": ["default"], "TRUSTED_ROLES": [lesser.name]})
    site.run("backup_db")
    site.run("validate_backup", "latest", "--deep")
    plan = site.run("restore_db", "latest", "--dry-run").out
    assert "is a superuser, and what the backup's tables, indexes and views call runs with all its rights" in plan
    lesser.server.psql(f"ALTER ROLE {lesser.name} NOSUPERUSER")


def test_a_drill_that_is_refused_every_night_is_told(lesser: Lesser) -> None:
    lesser.own(f"{GRAB}; {WAYS['index']}; INSERT INTO theirs.t (v) VALUES (1)")
    settings = {"DATABASES": ["default"], "NOTIFY": [{"CHANNEL": "email", "TO": ["ops@example.org"]}]}
    site = replace(lesser.deployment, settings=settings)
    site.run("backup_db")
    site.run("validate_backup", "latest", "--deep", code=1)
    (told,) = [entry for key, entry in json.loads((site.backups / FILE).read_text()).items() if "drill_failed" in key]
    assert "code that others own" in told["alarm"]["text"]
    assert "not validated" in site.run("list_backups").out


def test_what_does_not_run_is_nobodys_business(lesser: Lesser) -> None:
    """Tables, defaults and checks of the usual kind of another role, and functions that only triggers and people call."""
    lesser.own("""
        CREATE TYPE theirs.mood AS ENUM ('good', 'bad');
        CREATE TABLE theirs.t (id integer PRIMARY KEY, v integer CHECK (v >= 0 AND length(v::text) < 9), m theirs.mood,
            at timestamptz DEFAULT now(), CHECK (m IN ('good', 'bad')));
        CREATE INDEX ON theirs.t (lower(v::text));
        CREATE MATERIALIZED VIEW theirs.m AS SELECT count(*) AS n, max(at) AS at, random() AS r FROM theirs.t;
        CREATE VIEW theirs.w AS SELECT * FROM theirs.t;
        INSERT INTO theirs.t VALUES (1, 2, 'good')""")
    site = lesser.deployment
    site.run("backup_db")
    site.run("validate_backup", "latest", "--deep")
    site.run("restore_db", "latest", "--no-input", "--no-safety-backup", "--strategy=in-place")
    assert site.execute("SELECT v, m FROM theirs.t") == [("2", "good")]


@pytest.mark.parametrize(
    "check", ["pg_catalog.lo_export(1, '/nowhere/x') > 0", "pg_catalog.set_config('a.b', 'c', false) <> ''"]
)
def test_functions_of_the_system_are_code_too(lesser: Lesser, check: str) -> None:
    lesser.own(f"CREATE TABLE theirs.t (v integer, CONSTRAINT c CHECK ({check}))")
    site = lesser.deployment
    site.run("backup_db")
    assert "table theirs.t" in site.run("validate_backup", "latest", "--deep", code=1).err


def test_a_trial_beside_live_objects_runs_no_code_of_others(lesser: Lesser) -> None:
    """In scratch schemas a rollback undoes rows, and no sequence."""
    site = lesser.deployment
    assert site.server is not None
    lesser.own("""
        CREATE SEQUENCE theirs.live; GRANT USAGE ON SCHEMA theirs TO PUBLIC; GRANT ALL ON SEQUENCE theirs.live TO PUBLIC;
        CREATE FUNCTION theirs.count_up(v integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS
            $f$ BEGIN PERFORM nextval('theirs.live'); RETURN v; END $f$;
        CREATE TABLE theirs.t (v integer); CREATE INDEX ON theirs.t (theirs.count_up(v)); INSERT INTO theirs.t VALUES (1);
        GRANT SELECT ON theirs.t TO PUBLIC;
    """)
    site.run("backup_db")
    secret = secrets.token_hex(8)
    role = f"plain_{secrets.token_hex(4)}"
    site.server.create_role(role, "LOGIN", password=secret)
    site.execute(f"GRANT CREATE ON DATABASE {site.name()} TO {role}")
    plain = replace(
        site, databases={**site.databases, "default": {**site.databases["default"], "USER": role, "PASSWORD": secret}}
    )
    try:
        at = site.execute("SELECT last_value FROM theirs.live")
        outcome = plain.run("validate_backup", "latest", "--deep", code=1)
        assert "would run beside the live objects" in outcome.err
        assert f"ALTER ROLE {role} CREATEDB" in outcome.err
        assert site.execute("SELECT last_value FROM theirs.live") == at
    finally:
        site.execute(f"DROP OWNED BY {role} CASCADE; DROP ROLE {role}")
