"""What the system catalogs hold though nobody wrote it: a server's own options, rows about what is gone, bytes that are no text."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.deployment import Deployment
from tests.forgery import forged
from tests.integration.test_refusals import assert_helpful
from tests.servers import Server
from tests.templates import server_databases

With = Callable[[str], Deployment]

RESTORE = ("--no-input", "--no-safety-backup", "--verify")

OPTIONS = """
    CREATE TABLE t (a integer PRIMARY KEY, b text);
    INSERT INTO t VALUES (1, 'one');
    ALTER TABLE t ALTER b SET (n_distinct = 5);
    CREATE VIEW v AS SELECT * FROM t;
    CREATE MATERIALIZED VIEW m AS SELECT * FROM t;
    ALTER MATERIALIZED VIEW m ALTER a SET (n_distinct = 3);
    CREATE INDEX i ON t (b) WITH (fillfactor = 70) WHERE b <> ' WITH (';
    CREATE TABLE x (place point, EXCLUDE USING gist (place WITH ~=) WITH (fillfactor = 80));
"""

# As a server of Debian keeps it.
BOOKKEEPING = """
    SET allow_system_table_mods = on;
    UPDATE pg_attribute SET attoptions = ARRAY['pg_attver=22158952'] || coalesce(attoptions, '{}')
     WHERE attnum > 0 AND attrelid IN ('t'::regclass, 'v'::regclass, 'm'::regclass);
"""


def odd(relation: str, option: str) -> str:
    return f"""
        SET allow_system_table_mods = on;
        UPDATE pg_class SET reloptions = coalesce(reloptions, '{{}}') || ARRAY['{option}'] WHERE oid = '{relation}'::regclass;
    """


def dump(deployment: Deployment) -> str:
    assert deployment.server is not None
    return deployment.server.pg_dump(deployment.name(), "--no-owner")


def test_what_a_server_keeps_for_itself_is_not_in_a_backup(postgresql_with: With) -> None:
    source, target = postgresql_with(OPTIONS + BOOKKEEPING), postgresql_with("")
    source.run("backup_db")
    target.run("restore_db", source.newest(), *RESTORE)
    assert dump(target) == dump(postgresql_with(OPTIONS))


def test_options_that_nobody_knows_are_refused_by_name(postgresql_with: With) -> None:
    source, target = postgresql_with(OPTIONS), postgresql_with("")
    unknown = {
        "public.t": "t",
        "public.v": "v",
        "public.m": "m",
        "public.i": "i",
        "public.x_place_excl": "x_place_excl",
    }
    script = "".join(odd(relation, "colour=red") for relation in unknown.values())
    script += "UPDATE pg_attribute SET attoptions = '{n_distinct=5,colour=red}' WHERE attrelid = 't'::regclass AND attname = 'b'"
    source.execute(script)
    # One of the table's own that is for views, and one of views alone for columns.
    source.execute(odd("t_pkey", "security_barrier=on"))
    refused = source.run("backup_db", code=1)
    named = [f"option colour of {name}" for name in unknown]
    assert_helpful(
        refused, *named, "option colour of the column public.t.b", "option security_barrier of public.t_pkey"
    )
    assert source.files() == []
    source.run("backup_db", "--skip-unsupported")
    target.run("restore_db", source.newest(), *RESTORE)
    assert dump(target) == dump(postgresql_with(OPTIONS))


def test_options_of_an_access_method_of_ones_own_are_its_own(postgresql_with: With) -> None:
    script = """
        CREATE ACCESS METHOD tree TYPE INDEX HANDLER bthandler;
        CREATE OPERATOR CLASS whole DEFAULT FOR TYPE integer USING tree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =,
            OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(integer, integer);
        CREATE TABLE t (a integer);
        CREATE INDEX i ON t USING tree (a) WITH (fillfactor = 60);
    """
    source, target = postgresql_with(script), postgresql_with("")
    source.run("backup_db")
    target.run("restore_db", source.newest(), *RESTORE)
    assert dump(target) == dump(source)


def as_it_was_written(entry: dict[str, Any], sql: str) -> str:
    """The statements of a version that wrote what it found."""
    if entry["kind"] == "table" and entry["name"] == "t":
        sql += 'ALTER TABLE ONLY "public"."t" ALTER COLUMN "a" SET (pg_attver = \'22158952\');\n'
        return sql.replace("SET (n_distinct", "SET (pg_attver = '22158952', n_distinct")
    if entry["kind"] == "view":
        return sql + "".join(
            f'ALTER VIEW "public"."v" ALTER COLUMN "{column}" SET (pg_attver = \'22249512\');\n' for column in "ab"
        )
    if entry["kind"] == "materialized view":
        return sql + 'ALTER MATERIALIZED VIEW "public"."m" ALTER COLUMN "b" SET (pg_attver = \'22249512\');\n'
    return sql


def test_a_backup_that_holds_a_servers_options_comes_back(postgresql_with: With, tmp_path: Path) -> None:
    source = postgresql_with(OPTIONS)
    wanted = dump(source)
    source.run("backup_db")
    old = forged(source.newest(), tmp_path / "old", as_it_was_written)
    assert source.run("validate_backup", old, "--deep").code == 0
    for strategy in ("in-place", "swap"):
        source.execute("DELETE FROM t; DROP VIEW v")
        source.run("restore_db", old, *RESTORE, "--strategy", strategy)
        assert dump(source) == wanted
    source.run("restore_db", "--drop-old", "--no-input")
    source.execute("DELETE FROM t")
    source.run("restore_db", old, *RESTORE, "--table", "t")
    assert dump(source) == wanted


GONE = """
    CREATE EXTENSION pg_trgm;
    CREATE TABLE t (a integer, b text);
    CREATE TABLE member (a integer);
    CREATE SEQUENCE s;
    CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1';
    COMMENT ON TABLE t IS 'there';
    GRANT SELECT ON t TO PUBLIC;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO PUBLIC;
"""

LEFT = """
    CREATE SUBSCRIPTION s CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false);
    COMMENT ON SUBSCRIPTION s IS 'left behind';
    ALTER SUBSCRIPTION s SET (slot_name = NONE);
    DROP SUBSCRIPTION s;
    CREATE ROLE leaving;
    ALTER DEFAULT PRIVILEGES FOR ROLE leaving GRANT SELECT ON TABLES TO PUBLIC;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO leaving;
    GRANT SELECT ON t TO leaving;
    CREATE SCHEMA leaving;
    ALTER DEFAULT PRIVILEGES IN SCHEMA leaving GRANT SELECT ON TABLES TO PUBLIC;
    SET allow_system_table_mods = on;
    DELETE FROM pg_namespace WHERE nspname = 'leaving';
    DELETE FROM pg_authid WHERE rolname = 'leaving';
    INSERT INTO pg_description VALUES ('t'::regclass, 'pg_class'::regclass, 7, 'no such column');
    INSERT INTO pg_seclabel VALUES (4000000000, 'pg_subscription'::regclass, 0, 'nobody', 'x');
    INSERT INTO pg_init_privs VALUES (4000000000, 'pg_class'::regclass, 0, 'e', '{=r/postgres}');
    INSERT INTO pg_depend VALUES ('pg_class'::regclass, 'member'::regclass, 0, 'pg_extension'::regclass, 4000000000, 0, 'e'),
        ('pg_class'::regclass, 's'::regclass, 0, 'pg_class'::regclass, 4000000000, 1, 'i'),
        ('pg_proc'::regclass, 'f'::regproc, 0, 'pg_type'::regclass, 4000000000, 0, 'i');
"""


def test_rows_about_what_is_gone_are_left_out_with_a_notice(postgresql_with: With) -> None:
    source, target = postgresql_with(GONE + LEFT), postgresql_with("")
    said = source.run("backup_db").text
    for what in ("2 comments", "a security label", "2 default privileges", "a right", "a membership in an extension"):
        assert f"{what} of what was dropped" in said
    target.run("restore_db", source.newest(), *RESTORE, "--owners")
    assert dump(target) == dump(postgresql_with(GONE))
    # What surrounds a part is read from the live database.
    source.run("restore_db", source.newest(), *RESTORE, "--table", "t")
    assert source.run("validate_backup", source.newest(), "--deep").code == 0


NO_TEXT = {
    "the default value for column b of table public.t": "ALTER TABLE t ALTER b SET DEFAULT 'caf<e9>'",
    "the comment on table public.t": "COMMENT ON TABLE t IS 'caf<e9>'",
    "the comment on column a of table public.t": "COMMENT ON COLUMN t.a IS 'caf<e9>'",
    'table public."t\ufffd"': 'CREATE TABLE "t<e9>" (a integer)',
    "column c\ufffd of table public.u": 'CREATE TABLE u ("c<e9>" integer)',
    "constraint k on table public.t": "ALTER TABLE t ADD CONSTRAINT k CHECK (b <> 'caf<e9>')",
    "a label of type public.e": "CREATE TYPE e AS ENUM ('caf<e9>')",
    "function public.f()": "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT ''caf<e9>'''",
    "function public.g()": "CREATE FUNCTION g() RETURNS text LANGUAGE sql RETURN 'caf<e9>'",
    "view public.v": "CREATE VIEW v AS SELECT 'caf<e9>' AS c",
    "index public.i": "CREATE INDEX i ON t (a) WHERE b <> 'caf<e9>'",
    "foreign-data wrapper w": "CREATE FOREIGN DATA WRAPPER w OPTIONS (a 'caf<e9>')",
}


@contextmanager
def any_bytes(server: Server, folder: Path, name: str, script: str = "") -> Iterator[Deployment]:
    """A database whose encoding says nothing; a byte stands in the script as in `<e9>`."""
    server.create_database(name, "ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    try:
        deployment = Deployment(folder, server_databases(server, {"default": name}), server)
        execute(deployment, script)
        yield deployment
    finally:
        server.psql(f"DROP DATABASE {name} WITH (FORCE)")


def execute(deployment: Deployment, script: str) -> None:
    """As a client that sends bytes; `psql` here sends UTF-8 alone."""
    import psycopg

    assert deployment.server is not None
    with psycopg.connect(deployment.server.dsn(deployment.name()), autocommit=True) as connection:
        connection.execute("SET client_encoding = 'SQL_ASCII'")
        if script:
            connection.execute(re.sub(rb"<(..)>", lambda found: bytes.fromhex(found[1].decode()), script.encode()))


@pytest.fixture
def server(servers: Callable[[int], Server]) -> Server:
    return servers(18)


@pytest.mark.parametrize("names", [list(NO_TEXT)[:6], list(NO_TEXT)[6:]], ids=["tables", "others"])
def test_catalogs_whose_bytes_are_no_text_are_refused_by_name(server: Server, tmp_path: Path, names: list[str]) -> None:
    script = "CREATE TABLE t (a integer, b text);" + ";".join(NO_TEXT[name] for name in names)
    with any_bytes(server, tmp_path, "no_text", script) as database:
        assert_helpful(database.run("backup_db", code=1), "SQL_ASCII", "COMMENT ON", *names)
        assert database.files() == []


def test_rows_may_hold_any_bytes(server: Server, tmp_path: Path) -> None:
    script = """
        CREATE TABLE t (a integer PRIMARY KEY, b text, c text[], d bytea DEFAULT 'caf<c3><a9>');
        INSERT INTO t VALUES (1, 'caf<e9>', ARRAY['<ff><fe>', 'a"b'], '\\x00ff'), (2, 'caf<c3><a9>', NULL, DEFAULT);
        CREATE UNIQUE INDEX ON t (b);
        CREATE TABLE u AS SELECT b FROM t;
        SELECT lo_from_bytea(4711, '\\x00ff');
    """
    query = (
        "SELECT a, convert_to(t.b, 'SQL_ASCII'), convert_to(c::text, 'SQL_ASCII'), d FROM t JOIN u USING (b) ORDER BY a"
    )
    with any_bytes(server, tmp_path, "bytes", script) as source, any_bytes(server, tmp_path, "more_bytes") as other:
        wanted = source.execute(query)
        source.run("backup_db")
        for strategy in ("in-place", "swap"):
            source.execute("DELETE FROM t; DELETE FROM u")
            source.run("restore_db", source.newest(), *RESTORE, "--strategy", strategy)
            assert source.execute(query) == wanted
        source.run("restore_db", "--drop-old", "--no-input")
        source.execute("DELETE FROM t")
        source.run("restore_db", source.newest(), *RESTORE, "--table", "t")
        assert source.execute(query) == wanted
        assert source.run("validate_backup", source.newest(), "--deep").code == 0
        server.client(
            "psql", "-X", "-1", "-q", "-v", "ON_ERROR_STOP=1", "-d", other.name(), "-f", str(unpacked(source.newest()))
        )
        assert other.execute(query) == wanted
        # What came later and is no text is named, where a restore has to read it.
        execute(source, """COMMENT ON TABLE u IS 'caf<e9>'""")
        assert_helpful(
            source.run("restore_db", source.newest(), *RESTORE, "--table", "u", code=1), "public.u", "SQL_ASCII"
        )
        source.run("restore_db", source.newest(), *RESTORE, "--strategy", "in-place")
        assert source.execute(query) == wanted
        # A database that knows its encoding has no room for them.
        name = other.name()
        server.psql(f"DROP DATABASE {name}; CREATE DATABASE {name} TEMPLATE template0")
        refused = other.run("restore_db", source.newest(), *RESTORE, code=1)
        assert_helpful(refused, "public.t", "ENCODING")


def unpacked(backup: Path) -> Path:
    script = backup.with_suffix("")
    script.write_bytes(gzip.decompress(backup.read_bytes()))
    return script
