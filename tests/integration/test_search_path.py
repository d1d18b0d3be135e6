"""Definitions mean after a restore what they meant before, wherever their names were found."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.catalogue.trial import USES
from tests.deployment import Deployment
from tests.servers import Server
from tests.templates import server_databases

CONTENT = """
    CREATE SCHEMA people;
    CREATE EXTENSION citext;
    CREATE EXTENSION unaccent;
    CREATE FUNCTION folded(text) RETURNS text LANGUAGE {language};
    CREATE DOMAIN people.nick AS citext CHECK (VALUE IS DISTINCT FROM 'Root');
    CREATE TABLE people.person (id integer PRIMARY KEY, email citext CONSTRAINT known CHECK (email IS DISTINCT FROM 'Nobody'), nick people.nick,
        name text CHECK (folded(name) <> 'nobody'), folded text GENERATED ALWAYS AS (folded(name)) STORED);
    INSERT INTO people.person VALUES (1, 'A@b.c', 'é', 'É'), (2, NULL, 'b', 'b');
    CREATE VIEW people.pair AS SELECT p.id, q.id AS other FROM people.person p JOIN people.person q USING (email);
"""
SQL = "sql IMMUTABLE AS 'SELECT lower(unaccent($1))'"
CODE = "plpgsql IMMUTABLE AS 'BEGIN RETURN lower(unaccent($1)); END'"
INDEX = "CREATE INDEX by_name ON people.person (folded(name));"


@pytest.fixture
def older(tmp_path: Path, servers: Callable[[int], Server]) -> Iterator[Deployment]:
    """On a major whose indexes may call what needs a path."""
    server = servers(16)
    server.create_database("paths")
    server.psql(CONTENT.format(language=SQL) + INDEX, "paths")
    yield Deployment(tmp_path, {"default": server_databases(server, {"default": "paths"})["default"]}, server)
    server.psql("DROP DATABASE paths WITH (FORCE)")


def psql(deployment: Deployment, sql: str) -> str:
    assert deployment.server is not None
    return deployment.server.psql(sql, deployment.name())


def test_rows_are_counted_where_an_index_needs_a_path(older: Deployment) -> None:
    told = older.run("backup_db")
    assert "index people.by_name" in told.text and "ALTER FUNCTION" in told.text
    plan = older.run("restore_db", "latest", "--dry-run").text
    assert "people.person" in plan
    psql(older, "UPDATE people.person SET name = 'x'")
    for options in (["--data-only", "--verify"], ["--table", "people.person"], []):
        older.run("restore_db", "latest", "--no-input", "--no-safety-backup", *options)
        assert psql(older, "SELECT folded FROM people.person ORDER BY id") == "e\nb"


def test_a_drill_beside_live_objects_finds_operators_of_extensions(
    postgresql_with: Callable[[str], Deployment],
) -> None:
    deployment = postgresql_with(CONTENT.format(language=CODE))
    deployment.run("backup_db")
    server, database = deployment.server, deployment.name()
    assert server is not None
    server.create_role("path_driller", "LOGIN", password="secret")
    psql(
        deployment,
        f'GRANT CREATE ON DATABASE "{database}" TO path_driller; GRANT USAGE ON SCHEMA people TO path_driller',
    )
    deployment.run("validate_backup", "latest", "--deep")
    deployment.databases["default"] |= {"USER": "path_driller", "PASSWORD": "secret"}
    assert "good (restored and compared" in deployment.run("validate_backup", "latest", "--deep").text
    psql(deployment, "DROP OWNED BY path_driller; DROP ROLE path_driller")


def test_a_definition_that_would_mean_something_else_is_refused(
    postgresql_with: Callable[[str], Deployment],
) -> None:
    source = postgresql_with(CONTENT.format(language=CODE))
    source.run("backup_db")
    # What pg_catalog holds is always found first.
    usurper = """
        SET allow_system_table_mods = on;
        CREATE EXTENSION citext;
        CREATE FUNCTION pg_catalog.other(citext, citext) RETURNS boolean LANGUAGE internal IMMUTABLE AS 'texteq';
        CREATE OPERATOR pg_catalog.= (LEFTARG = citext, RIGHTARG = citext, FUNCTION = other);
    """
    target = postgresql_with(usurper)
    before = psql(target, USES)
    refused = target.run(
        "restore_db", source.newest(), "--no-input", "--no-safety-backup", "--strategy", "in-place", code=1
    )
    assert "operator public.=(public.citext,public.citext)" in refused.err and "pg_catalog" in refused.err
    assert psql(target, USES) == before
    target.run("restore_db", source.newest(), "--no-input", "--no-safety-backup", "--strategy", "swap")
    assert sorted(psql(target, USES).split("\n")) == sorted(psql(source, USES).split("\n"))


def test_the_manifest_says_what_definitions_use(postgresql_with: Callable[[str], Deployment]) -> None:
    source = postgresql_with(CONTENT.format(language=CODE))
    source.run("backup_db")
    manifest = json.loads(Path(f"{source.newest()}.json").read_text())
    assert manifest["database"]["search_path"] == {"schemas": ["public"], "tables": [0]}
    (known,) = (definition for definition in manifest["definitions"] if "known on people.person" in definition["name"])
    assert manifest["objects"][known["object"]]["name"] in ("person", "known")
    used = [manifest["used"][index] for index in known["uses"]]
    assert {"name": "operator public.=(public.citext,public.citext)", "extension": "citext"} in used


def test_a_path_without_schemas_of_users_stops_nothing(postgresql_with: Callable[[str], Deployment]) -> None:
    source = postgresql_with(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = pg_catalog, pg_temp', current_database()); END $$;"
        "CREATE FUNCTION public.long(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN length($1) > 1; END';"
        "CREATE TABLE public.word (v text CHECK (public.long(v))); INSERT INTO public.word VALUES ('ab')"
    )
    source.run("backup_db")
    assert json.loads(Path(f"{source.newest()}.json").read_text())["database"]["search_path"]["schemas"] == []
    target = postgresql_with("SELECT 1")
    script = gzip.decompress(source.newest().read_bytes()).decode()
    assert target.server is not None
    target.server.client("psql", "-X", "-1", "-q", "-v", "ON_ERROR_STOP=1", "-d", target.name(), stdin=script)
    assert psql(target, "TABLE public.word") == "ab"
    target.run("restore_db", source.newest(), "--no-input", "--no-safety-backup")
    assert psql(target, "TABLE public.word") == "ab"
