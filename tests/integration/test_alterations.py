"""What the system and extensions have brought, and somebody has altered since: pg_dump tells of none of it."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace

from tests.deployment import Deployment
from tests.integration.test_refusals import assert_helpful

With = Callable[[str], Deployment]

ALTERED = """
    BEGIN; CREATE EXTENSION unaccent; ALTER FUNCTION unaccent(text) IMMUTABLE; COMMIT;
    CREATE EXTENSION earthdistance CASCADE;
    CREATE OR REPLACE FUNCTION earth() RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 1::float8';
    CREATE FUNCTION added(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1';
    ALTER EXTENSION cube ADD FUNCTION added(integer);
    UPDATE pg_proc SET provolatile = 'i' WHERE oid = 'array_to_string(anyarray, text)'::regprocedure;
    CREATE EXTENSION dict_int;
    ALTER TEXT SEARCH DICTIONARY intdict (MAXLEN = 3);
    ALTER TEXT SEARCH DICTIONARY german_stem (StopWords);
    CREATE TEXT SEARCH DICTIONARY own (TEMPLATE = simple, STOPWORDS = german);
    ALTER TEXT SEARCH CONFIGURATION english ALTER MAPPING FOR asciiword WITH own, english_stem;
    ALTER TEXT SEARCH CONFIGURATION english ALTER MAPPING FOR uint WITH intdict;
    ALTER TEXT SEARCH CONFIGURATION french DROP MAPPING FOR email;
    CREATE TABLE t (id integer PRIMARY KEY, name text, parts text[], sum integer GENERATED ALWAYS AS (added(id)) STORED,
        english tsvector GENERATED ALWAYS AS (to_tsvector('english', name)) STORED,
        german tsvector GENERATED ALWAYS AS (to_tsvector('german', name)) STORED,
        french tsvector GENERATED ALWAYS AS (to_tsvector('french', name)) STORED);
    INSERT INTO t VALUES (1, 'Ütz runs und 123456 a@b.example', '{a,b}');
    CREATE INDEX i ON t (unaccent(name));
    CREATE INDEX j ON t (array_to_string(parts, ','));
"""
STATE = """
    SELECT * FROM t; SELECT pg_get_indexdef(oid) FROM pg_class WHERE relname IN ('i', 'j') ORDER BY 1;
    SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname IN ('unaccent', 'earth', 'added', 'array_to_string') ORDER BY 1;
    SELECT dictname, dictinitoption FROM pg_ts_dict WHERE dictname IN ('intdict', 'own', 'german_stem') ORDER BY 1;
    SELECT mapcfg::regconfig, maptokentype, mapseqno, mapdict::regdictionary FROM pg_ts_config_map ORDER BY 1, 2, 3;
    SELECT extname, pg_describe_object(classid, objid, 0) FROM pg_depend JOIN pg_extension e ON e.oid = refobjid AND deptype = 'e'
     WHERE extname IN ('cube', 'unaccent', 'dict_int') ORDER BY 1, 2;
"""


def restore(deployment: Deployment, *options: object, code: int = 0) -> str:
    return deployment.run("restore_db", *options, "--no-input", "--no-safety-backup", "--verify", code=code).text


def psql(deployment: Deployment, sql: str) -> str:
    assert deployment.server is not None
    return deployment.server.psql(sql, deployment.name())


def test_what_was_altered_comes_back_as_it_was(postgresql_with: With) -> None:
    source = postgresql_with(ALTERED)
    wanted = psql(source, STATE)
    assert "'123':4 'a@b.example':5" in wanted and "'und':3" in wanted
    assert "seems to have been" not in source.run("backup_db").text
    script = gzip.decompress(source.newest().read_bytes()).decode()
    # Of thousands of functions of the system and hundreds of those extensions, these alone.
    assert script.count("pg_get_functiondef") == 4

    target = postgresql_with("")
    assert "could not be" not in restore(target, source.newest())
    assert psql(target, STATE) == wanted
    # Where all is there, and dictionaries of users that configurations of the system need are dropped and made anew.
    assert "alteration" not in source.run("restore_db", "latest", "--dry-run").text
    for options in ((), ("--strategy", "swap"), ("--table", "t")):
        assert "could not be" not in restore(source, "latest", *options)
        assert psql(source, STATE) == wanted, options
    assert "good (restored and compared" in source.run("validate_backup", "latest", "--deep").text

    assert target.server is not None
    printed = postgresql_with("")
    target.server.client("psql", "-X", "-1", "-q", "-v", "ON_ERROR_STOP=1", "-d", printed.name(), stdin=script)
    assert psql(printed, STATE) == wanted


def test_a_part_brings_what_was_altered(postgresql_with: With) -> None:
    source, target = (
        postgresql_with(ALTERED),
        postgresql_with("CREATE EXTENSION unaccent; CREATE EXTENSION dict_int; CREATE EXTENSION cube;"),
    )
    source.run("backup_db")
    # What is not recorded as needed has to be there: a function of the system.
    psql(target, "UPDATE pg_proc SET provolatile = 'i' WHERE oid = 'array_to_string(anyarray, text)'::regprocedure")
    restore(target, source.newest(), "--table", "t")
    assert psql(target, "TABLE t") == psql(source, "TABLE t")


def test_a_configuration_of_the_system_outlives_dictionaries_that_are_dropped(postgresql_with: With) -> None:
    """`DROP … CASCADE` would take it along, and nothing but initdb makes it."""
    source = postgresql_with("CREATE TABLE t (id integer PRIMARY KEY)")
    usual = psql(source, "SELECT * FROM pg_ts_config_map ORDER BY 1, 2, 3")
    source.run("backup_db")
    psql(
        source,
        """CREATE TEXT SEARCH DICTIONARY own (TEMPLATE = simple, STOPWORDS = german);
        ALTER TEXT SEARCH CONFIGURATION english ALTER MAPPING FOR asciiword WITH own, english_stem;
        ALTER TEXT SEARCH CONFIGURATION german ALTER MAPPING FOR asciiword, word WITH own;""",
    )
    assert (
        "alteration text search configuration pg_catalog.english"
        in source.run("restore_db", "latest", "--dry-run").text
    )
    restore(source, "latest")
    assert psql(source, "SELECT * FROM pg_ts_config_map ORDER BY 1, 2, 3") == usual


def test_a_role_that_may_not_alter_the_system_is_told(postgresql_with: With) -> None:
    source, target = (
        postgresql_with("""ALTER TEXT SEARCH CONFIGURATION english ALTER MAPPING FOR asciiword WITH simple;
            REVOKE EXECUTE ON FUNCTION pg_sleep(float8) FROM PUBLIC; CREATE TABLE t AS SELECT 1 AS id"""),
        postgresql_with(""),
    )
    source.run("backup_db")
    assert target.server is not None
    role = f"{target.name()}_owner"
    target.server.create_role(role, password=role)
    try:
        psql(target, f"ALTER DATABASE {target.name()} OWNER TO {role}")
        as_owner = target.databases["default"] | {"USER": role, "PASSWORD": role}
        told = restore(replace(target, databases={"default": as_owner}), source.newest())
        (line,) = [line for line in told.splitlines() if "what was altered in" in line]
        # A function with other rights is the same function.
        assert (
            "the text search configuration pg_catalog.english of the system could not be restored: must be owner"
            in line
        )
        assert psql(target, "TABLE t") == "1"
    finally:
        psql(target, f"REASSIGN OWNED BY {role} TO postgres; DROP OWNED BY {role}; DROP ROLE {role}")


def test_members_that_came_by_hand_are_named(postgresql_with: With) -> None:
    """`CREATE EXTENSION` makes none of them."""
    source = postgresql_with(
        """CREATE EXTENSION cube; CREATE TABLE kept (id integer); INSERT INTO kept VALUES (1); CREATE VIEW v AS SELECT 1;
        ALTER EXTENSION cube ADD TABLE kept; ALTER EXTENSION cube ADD VIEW v;"""
    )
    assert_helpful(
        source.run("backup_db", code=1), "table public.kept", "ALTER EXTENSION cube DROP TABLE", "--skip-unsupported"
    )
    psql(source, "ALTER EXTENSION cube DROP TABLE \"kept\"; CREATE TYPE mood AS ENUM ('fine')")
    psql(
        source,
        "ALTER EXTENSION cube ADD TYPE mood; BEGIN; CREATE TABLE queue (id integer); ALTER EXTENSION cube ADD TABLE queue; COMMIT",
    )
    told = source.run("backup_db").text
    for member in ("view public.v", "type public.mood", "table public.queue"):
        assert f"the {member} seems to have been made a part of the extension cube by hand" in told
    psql(
        source,
        "ALTER EXTENSION cube DROP VIEW v; ALTER EXTENSION cube DROP TYPE mood; ALTER EXTENSION cube DROP TABLE queue",
    )
    # A function of an extension that the rest of it does not need is the database's own when it has left; others cannot be.
    psql(source, "CREATE EXTENSION unaccent; ALTER EXTENSION unaccent DROP FUNCTION unaccent(text)")
    assert "seems to have been" not in source.run("backup_db").text
    restore(postgresql_with(""), source.newest())
    restore(source, "latest")
    psql(source, "CREATE EXTENSION earthdistance; ALTER EXTENSION earthdistance DROP FUNCTION earth()")
    assert_helpful(
        source.run("backup_db", code=1), "function public.earth()", "ALTER EXTENSION earthdistance ADD FUNCTION"
    )
