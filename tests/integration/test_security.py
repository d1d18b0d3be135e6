"""What somebody who may create objects in a database, or write a backup file, gets out of a backup and a restore."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.db import connections

from holdfast import databases
from tests.deployment import Deployment
from tests.integration.test_faults import LARGE, backing_up

# Names and texts that would run a program if psql took a part of them for a line of its own.
EVIL = """
DO $do$
DECLARE
  evil text := E'evil\\n\\\\! touch "MARK"\\n\\\\.\\n';
BEGIN
  EXECUTE format('CREATE SCHEMA %I', evil);
  EXECUTE format('CREATE TYPE %1$I."t %2$s" AS ENUM (%1$L)', evil, replace(evil, '"', '""'));
  EXECUTE format('CREATE FUNCTION %1$I.%1$I() RETURNS trigger LANGUAGE plpgsql AS %2$L', evil,
                 'BEGIN /* ' || evil || ' */ RETURN NEW; END');
  EXECUTE format('CREATE TABLE %1$I.%1$I (%1$I %1$I."t %2$s" DEFAULT %1$L, id serial CONSTRAINT %1$I CHECK (id > 0))',
                 evil, replace(evil, '"', '""'));
  EXECUTE format('CREATE INDEX "i %1$s" ON %2$I.%2$I (%2$I)', replace(evil, '"', '""'), evil);
  EXECUTE format('CREATE TRIGGER %1$I BEFORE INSERT ON %1$I.%1$I FOR EACH ROW EXECUTE FUNCTION %1$I.%1$I()', evil);
  EXECUTE format('CREATE POLICY %1$I ON %1$I.%1$I USING (true)', evil);
  EXECUTE format('CREATE VIEW %1$I."v" AS SELECT %1$I FROM %1$I.%1$I', evil);
  EXECUTE format('COMMENT ON TABLE %1$I.%1$I IS %1$L', evil);
  EXECUTE format('COMMENT ON SCHEMA %1$I IS %1$L', evil);
  EXECUTE format('INSERT INTO %1$I.%1$I VALUES (DEFAULT)', evil);
END $do$;
CREATE TABLE said (text text);
INSERT INTO said VALUES (E'\\n\\\\! touch "MARK"\\n\\\\.\\n\\\\! touch "MARK"\\n'), (E'\\\\.'), (NULL);
"""


@pytest.fixture
def mark() -> Iterator[Path]:
    """A file that is not there, with a path short enough for a name of 63 bytes."""
    with TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder) / "m"


def test_no_name_or_value_is_a_command_to_psql(postgresql_with: Callable[[str], Deployment], mark: Path) -> None:
    deployment = postgresql_with(EVIL.replace("MARK", str(mark)))
    server = deployment.server
    assert server is not None
    assert server.psql("SELECT count(*) FROM pg_class WHERE relname LIKE E'%\\n\\\\\\\\!%'", deployment.name()) != "0"
    deployment.run("backup_db", "--verify")
    (path,) = deployment.backups.glob("*.gz")
    text = gzip.decompress(path.read_bytes()).decode()
    assert [line for line in text.split("\n") if line.startswith("--") and "evil" in line] == []
    restored = f"{deployment.name()}_psql"
    server.create_database(restored)
    try:
        server.client("psql", "-X", "-1", "-q", "-v", "ON_ERROR_STOP=1", "-d", restored, stdin=text)
        assert server.pg_dump(restored) == server.pg_dump(deployment.name())
    finally:
        server.psql(f"DROP DATABASE {restored}")
    assert not mark.exists()


@pytest.mark.parametrize("kind", ["TABLE shop.item (id int)", "VIEW shop.item AS SELECT nextval('public.ran') AS id"])
def test_what_takes_the_name_of_a_table_is_not_read(postgresql_with: Callable[[str], Deployment], kind: str) -> None:
    deployment = postgresql_with(
        f"{LARGE}; CREATE SEQUENCE ran; CREATE SCHEMA shop; CREATE TABLE shop.item (id int); INSERT INTO shop.item VALUES (1)"
    )
    deployment = replace(deployment, settings={"DATABASES": ["default"]})
    with backing_up(deployment, "--jobs", "1") as backup:
        deployment.execute(f"ALTER SCHEMA shop RENAME TO old; CREATE SCHEMA shop; CREATE {kind}")
        printed = backup.finish()
    assert backup.process.returncode == 1, printed
    assert "is not the table any more" in printed
    assert list(deployment.backups.glob("*.gz*")) == []
    assert deployment.execute("SELECT is_called FROM ran") == [("f",)]


# What an owner of the database may do: names of the server's own, in a schema that comes first in everybody's path. Not the
# operator `=`: Django itself looks for types with it when it connects.
HOSTILE_PATH = """
CREATE SCHEMA trap;
CREATE TABLE public.sprung (what text);
CREATE FUNCTION trap.spring(what text) RETURNS void LANGUAGE sql SECURITY INVOKER AS
  $$ INSERT INTO public.sprung VALUES (what || ' as ' || current_user) $$;
CREATE FUNCTION trap.current_database() RETURNS name LANGUAGE sql AS
  $$ SELECT trap.spring('current_database'); SELECT 'other'::name $$;
CREATE FUNCTION trap.current_setting(text) RETURNS text LANGUAGE sql AS
  $$ SELECT trap.spring('current_setting'); SELECT 'other'::text $$;
CREATE FUNCTION trap.current_schema() RETURNS name LANGUAGE sql AS
  $$ SELECT trap.spring('current_schema'); SELECT 'public'::name $$;
CREATE FUNCTION trap.to_regclass(text) RETURNS regclass LANGUAGE sql AS
  $$ SELECT trap.spring('to_regclass'); SELECT NULL::regclass $$;
CREATE FUNCTION trap.other(name, text) RETURNS boolean LANGUAGE sql AS $$ SELECT trap.spring('<>'); SELECT true $$;
CREATE FUNCTION trap.other(name, name) RETURNS boolean LANGUAGE sql AS $$ SELECT trap.spring('<>'); SELECT true $$;
CREATE FUNCTION trap.other(text, text) RETURNS boolean LANGUAGE sql AS $$ SELECT trap.spring('<>'); SELECT true $$;
CREATE OPERATOR trap.<> (LEFTARG = name, RIGHTARG = text, FUNCTION = trap.other);
CREATE OPERATOR trap.<> (LEFTARG = name, RIGHTARG = name, FUNCTION = trap.other);
CREATE OPERATOR trap.~ (LEFTARG = text, RIGHTARG = text, FUNCTION = trap.other);
CREATE OPERATOR trap.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = trap.other);
"""


def test_a_path_that_the_database_sets_runs_nothing_of_its_owner(postgresql_with: Callable[[str], Deployment]) -> None:
    deployment = postgresql_with(HOSTILE_PATH)
    assert deployment.server is not None
    deployment.server.psql(
        f'ALTER DATABASE "{deployment.name()}" SET search_path = trap, pg_catalog, public', deployment.name()
    )
    quick = {"hourly": {"EVERY": "1h", "CHANGES": 1, "BUSY": {"SESSIONS": 100}}}
    scheduled = replace(deployment, settings={**deployment.settings, "SCHEDULE": quick})
    deployment.run("check_backups", code=None)
    scheduled.run("run_backups")
    scheduled.run("run_backups")
    deployment.run("backup_db")
    deployment.run("validate_backup", "--deep", code=None)
    deployment.run("restore_db", "--dry-run")
    with deployment.in_process():
        connection = connections["default"]
        assert databases.has_tables(connection)
        assert not databases.is_new_schema(connection)
        assert databases.has_table(connection, "sprung")
        # The application's path is what it was.
        with connection.cursor() as cursor:
            cursor.execute("SHOW search_path")
            assert cursor.fetchone()[0] == "trap, pg_catalog, public"
    assert deployment.server.psql("SELECT * FROM public.sprung", deployment.name()) == ""
