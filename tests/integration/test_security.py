"""What somebody who may create objects in a database, or write a backup file, gets out of a backup and a restore."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

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
