"""What a server must have before a restore: found in the plan, named with the statement that makes it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deployment import Deployment
from tests.servers import Server, ServerError, start
from tests.templates import OWNER, PASSWORD, server_databases

NEEDY = '''
    SET allow_in_place_tablespaces = on;
    CREATE ROLE "needed ""group""" NOINHERIT CREATEDB;
    CREATE ROLE needed_login LOGIN CONNECTION LIMIT 3 VALID UNTIL '2040-01-01' PASSWORD 'kept-very-secret-5821';
    GRANT "needed ""group""" TO needed_login WITH ADMIN OPTION;
    GRANT pg_monitor TO needed_login;
    CREATE TABLESPACE "needed 'disk'" LOCATION '';
    CREATE EXTENSION citext;
    CREATE TABLE sorted (word text COLLATE "en-x-icu", PRIMARY KEY (word) USING INDEX TABLESPACE "needed 'disk'");
    ALTER TABLE sorted OWNER TO needed_login;
    GRANT SELECT ON sorted TO "needed ""group""";
    INSERT INTO sorted VALUES ('a'), ('B');
'''


def made(server: Server, folder: Path, name: str) -> Deployment:
    """A new database, for which nothing was migrated."""
    folder.mkdir(exist_ok=True)
    server.psql(f"CREATE DATABASE {name} TEMPLATE template0 OWNER {OWNER}")
    return Deployment(folder, server_databases(server, {"default": name}), server)


def backup(deployment: Deployment, statements: str) -> Path:
    assert deployment.server is not None
    deployment.server.psql(statements, deployment.name())
    document = deployment.run("backup_db", "--format", "json").document()
    return Path(document["backups"][0]["path"] if "backups" in document else document["path"])


def test_what_is_missing_is_in_the_plan(servers: Callable[[int], Server], tmp_path: Path) -> None:
    server = servers(18)
    source = made(server, tmp_path / "source", "needy")
    file = backup(source, NEEDY)
    manifest = json.loads(Path(f"{file}.json").read_text())
    needed = {(one["kind"], one["name"]): one["statement"] for one in manifest["database"]["requirements"]}
    assert needed["role", 'needed "group"'] == 'CREATE ROLE "needed ""group""" NOINHERIT CREATEDB;'
    login = needed["role", "needed_login"]
    assert login.startswith('CREATE ROLE "needed_login" LOGIN CONNECTION LIMIT 3 VALID UNTIL ')
    assert login.endswith(
        ' GRANT "needed ""group""" TO "needed_login" WITH ADMIN OPTION; GRANT "pg_monitor" TO "needed_login";'
    )
    assert "5821" not in json.dumps(manifest)
    assert needed["tablespace", "needed 'disk'"] == """CREATE TABLESPACE "needed 'disk'" LOCATION '';"""
    assert ("collation", "en-x-icu") in needed

    with start(18) as bare:
        bare.create_role(OWNER, "LOGIN SUPERUSER", password=PASSWORD)
        target = made(bare, tmp_path / "target", "needy")
        plan = target.run("restore_db", file, "--owners", "--dry-run").out
        for key in (("role", 'needed "group"'), ("role", "needed_login"), ("tablespace", "needed 'disk'")):
            assert needed[key] in plan
        # The statements are no promise: they work, in the order of the plan.
        for kind in ("role", "tablespace"):
            for statement in (one["statement"] for one in manifest["database"]["requirements"] if one["kind"] == kind):
                # The bootstrap superuser and the owner are there.
                if "postgres" not in statement and OWNER not in statement:
                    bare.psql("SET allow_in_place_tablespaces = on;" + statement)
        target.run("restore_db", file, "--owners", "--no-input", "--no-safety-backup")
        assert bare.pg_dump("needy") == server.pg_dump("needy")
        assert bare.psql("SELECT rolconnlimit FROM pg_roles WHERE rolname = 'needed_login'") == "3"

        # Without the collation or the extension nothing is begun.
        bare.psql("DROP DATABASE needy")
        target = made(bare, tmp_path / "target", "needy")
        bare.psql("CREATE TABLE kept (id integer); DELETE FROM pg_collation WHERE collname = 'en-x-icu'", "needy")
        failed = target.run("restore_db", file, "--dry-run", code=1).err
        assert 'collation "en-x-icu" (SELECT pg_catalog.pg_import_system_collations' in failed
        assert "Traceback" not in failed
        target.run("restore_db", file, "--no-input", "--no-safety-backup", code=1)
        assert bare.psql("SELECT count(*) FROM kept", "needy") == "0"


def test_an_extension_that_only_a_superuser_may_create(servers: Callable[[int], Server], tmp_path: Path) -> None:
    server = servers(18)
    file = backup(made(server, tmp_path / "source", "extended"), "CREATE EXTENSION pageinspect; CREATE TABLE t ()")
    server.create_role("plain_keeper", "LOGIN", password=PASSWORD)
    server.psql("CREATE DATABASE plain OWNER plain_keeper")
    databases = server_databases(server, {"default": "plain"})
    databases["default"]["USER"] = "plain_keeper"
    (tmp_path / "plain").mkdir()
    failed = Deployment(tmp_path / "plain", databases, server).run("restore_db", file, "--dry-run", code=1).err
    assert 'extension pageinspect, only a superuser may create it (CREATE EXTENSION "pageinspect";)' in failed


def test_an_older_server_refuses_what_it_does_not_know(servers: Callable[[int], Server], tmp_path: Path) -> None:
    source = made(servers(18), tmp_path / "source", "newer")
    known = "CREATE TABLE known (id integer PRIMARY KEY, name text); INSERT INTO known VALUES (1, 'a');"
    file = backup(
        source,
        known + "CREATE TABLE distinct_once (a integer, UNIQUE NULLS NOT DISTINCT (a));"
        "CREATE TABLE doubled (a integer, twice integer GENERATED ALWAYS AS (a * 2));"
        "CREATE TABLE believed (a integer REFERENCES known NOT ENFORCED);",
    )
    target = made(servers(15), tmp_path / "target", "older")
    assert target.server is not None
    target.server.psql("CREATE TABLE kept (id integer)", "older")
    for how in ("--dry-run", "--no-input"):
        failed = target.run("restore_db", file, how, "--no-safety-backup", code=1).err
        assert "PostgreSQL 15 does not know what the backup holds" in failed
        for named in ("table public.doubled (since 18)", "fk constraint public.believed_a_fkey (since 18)"):
            assert named in failed
        assert "distinct_once" not in failed
    assert target.server.psql("SELECT count(*) FROM kept", "older") == "0"
    # A table that it knows, and a backup in which it knows everything.
    target.run("restore_db", file, "--table", "known", "--no-input", "--no-safety-backup")
    assert target.server.psql("SELECT name FROM known", "older") == "a"
    servers(18).psql("DROP TABLE doubled, believed", "newer")
    file = backup(source, "")
    target.run("restore_db", file, "--no-input", "--no-safety-backup")
    assert target.server.psql("SELECT count(*) FROM distinct_once", "older") == "0"
    with pytest.raises(ServerError):
        target.server.psql("SELECT FROM kept", "older")
