"""What was backed up comes back, exactly, by our own command and without it."""

from __future__ import annotations

import gzip
import json
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import replace
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.project.snapshot import differences
from tests.servers import MAJORS, Server
from tests.templates import OWNER, UNSUPPORTED, Deploy

if TYPE_CHECKING:
    from tests.deployment import Deployment

CODECS = pytest.mark.parametrize("codec", ["gzip", "zstd:3"])


@CODECS
def test_every_alias_comes_back(everywhere: Deployment, codec: str) -> None:
    before = everywhere.states()
    everywhere.run("backup_db", "--compression", codec)
    for alias in before:
        everywhere.wreck(alias)
    assert all(differences(content, everywhere.state(alias)) for alias, content in before.items())
    for alias in before:
        everywhere.run("restore_db", "--database", alias, "--no-input", "--owners")
    everywhere.assert_unchanged(before)
    if everywhere.server is not None:
        for alias in before:
            assert_dumped_alike(everywhere.server, everywhere.name(alias), alias)
    assert everywhere.litter() == []


def assert_dumped_alike(server: Server, restored: str, alias: str = "default", *options: str) -> None:
    """Compare with the test's oracle: what pg_dump says of the database that pg_dump and psql made."""
    wanted = server.pg_dump(f"reference_{alias}", *options).splitlines()
    found = server.pg_dump(restored, *options).splitlines()
    assert list(unified_diff(wanted, found, "pg_dump and psql", "holdfast", lineterm="", n=1)) == []


@pytest.fixture(params=MAJORS, ids=str)
def each_major(request: pytest.FixtureRequest, deploy: Deploy) -> Deployment:
    return deploy(request.param)


def test_without_owners_everything_belongs_to_whoever_restores(each_major: Deployment) -> None:
    server = each_major.server
    assert server is not None
    each_major.run("backup_db", "--database", "default")
    copy = f"copy_{each_major.name()}"
    server.psql(f"CREATE DATABASE {copy} TEMPLATE template0")
    databases = {
        "default": each_major.databases["default"]
        | {"NAME": copy, "USER": "postgres", "PASSWORD": each_major.server.password}
    }
    other = replace(each_major, databases=databases)
    try:
        restore = ("restore_db", "latest", "--no-input", "--no-safety-backup")
        replace_secret(other).run(*restore)
        assert_dumped_alike(server, copy, "default", "--no-owner", "--no-acl")
        owned = "SELECT count(*) FROM pg_class WHERE relowner = 'keeper'::regrole"
        assert server.psql(owned, copy) == "0"
        replace_secret(other).run(*restore, "--owners")
        assert_dumped_alike(server, copy)
    finally:
        server.psql(f"DROP DATABASE {copy} WITH (FORCE)")


def replace_secret(deployment: Deployment) -> Deployment:
    """Give the superuser over the socket, where no password is needed: his is his name."""
    assert deployment.server is not None
    given = {"HOST": str(deployment.server.socket_dir), "PASSWORD": ""}
    return replace(deployment, databases={alias: known | given for alias, known in deployment.databases.items()})


def test_psql_restores_without_us(each_major: Deployment) -> None:
    server = each_major.server
    assert server is not None
    codec = "gzip" if server.major > MAJORS[0] else "zstd"
    each_major.run("backup_db", "--database", "default", "--compression", codec)
    script = decompressed(each_major.newest())
    copy = f"copy_{each_major.name()}"
    server.psql(f"CREATE DATABASE {copy} TEMPLATE template0")
    try:
        server.psql(script, copy)
        assert_dumped_alike(server, copy)
    finally:
        server.psql(f"DROP DATABASE {copy} WITH (FORCE)")


def decompressed(backup: Path) -> str:
    """What `zcat` or `zstdcat` prints."""
    if backup.suffix == ".gz":
        return gzip.decompress(backup.read_bytes()).decode()
    return subprocess.run(["zstd", "-dcq", backup], check=True, capture_output=True).stdout.decode()


def test_gunzip_gives_a_database(sqlite: Deployment) -> None:
    before = sqlite.state()
    sqlite.run("backup_db", "--database", "default")
    loose = sqlite.folder / "loose.sqlite3"
    with gzip.open(sqlite.newest()) as stored:
        loose.write_bytes(stored.read())
    with closing(sqlite3.connect(loose)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    opened = replace(sqlite, databases={"default": sqlite.databases["default"] | {"NAME": str(loose)}})
    assert differences(before, opened.state()) == {}


@pytest.mark.parametrize("major", MAJORS)
def test_what_cannot_be_backed_up_is_refused_by_name(deploy: Deploy, major: int) -> None:
    deployment = deploy(major, template="full")
    outcome = deployment.run("backup_db", "--database", "default", code=1)
    for name in UNSUPPORTED:
        assert name in outcome.err
    assert "--skip-unsupported" in outcome.err
    assert deployment.files() == []


@pytest.mark.parametrize("major", MAJORS)
def test_what_is_skipped_is_recorded(deploy: Deploy, major: int) -> None:
    deployment = deploy(major, template="full")
    before = deployment.state()
    outcome = deployment.run("backup_db", "--database", "default", "--skip-unsupported")
    manifest = json.loads(deployment.newest().with_name(deployment.newest().name + ".json").read_text())
    assert len(manifest["skipped"]) == len(UNSUPPORTED)
    for name in UNSUPPORTED:
        assert name in outcome.text
        assert any(name in f"{skipped['kind']} {skipped['name']}" for skipped in manifest["skipped"])
    deployment.wreck()
    deployment.run("restore_db", "--no-input", "--no-safety-backup")
    assert differences(before, deployment.state()) == {}


def test_single_tables_come_back_alone(single: Deployment) -> None:
    before = single.state()
    single.run("backup_db")
    single.wreck()
    wrecked = single.state()
    single.run("restore_db", "--no-input", "--table", "catalog_document", "--table", "catalog_numberfields")
    after = single.state()
    restored = {key("catalog_document", single), key("catalog_numberfields", single)}
    assert set(differences(wrecked, after)) == restored
    for table in restored:
        assert before[table] == after[table]


def key(table: str, deployment: Deployment) -> str:
    return table if deployment.server is None else f"public.{table}"


def test_rows_alone_come_back(single: Deployment) -> None:
    before = single.state()
    single.run("backup_db")
    delete, change = "DELETE FROM catalog_document", "UPDATE catalog_textkey SET label = 'changed'"
    create = "CREATE TABLE intruder (id integer)"
    single.execute(f"{delete}; {change}; {create}; INSERT INTO intruder VALUES (1)")
    wrecked = single.state()
    single.run("restore_db", "--no-input", "--data-only")
    found = differences(before, single.state())
    # What the backup does not have stays; only rows were asked for.
    assert set(found) <= {key("intruder", single), "sqlite_master"}
    assert set(differences(wrecked, single.state())) == {
        key("catalog_document", single),
        key("catalog_textkey", single),
    }


@pytest.mark.parametrize(
    ("backup_options", "restore_options"),
    [(("--schema-only",), ()), ((), ("--schema-only",))],
    ids=["backup", "restore"],
)
def test_the_schema_alone_has_no_rows(
    single: Deployment, backup_options: tuple[str, ...], restore_options: tuple[str, ...]
) -> None:
    single.run("backup_db", *backup_options)
    before = single.state()
    single.wreck()
    single.run("restore_db", single.newest().name, "--no-input", *restore_options)
    after = single.state()
    # A materialized view without rows is not filled; reading it would fail.
    assert before.keys() - after.keys() <= {"public.mood_count", "public.happy_total"}
    assert after.keys() <= before.keys()
    assert before.get("sqlite_master") == after.get("sqlite_master")
    filled = {table for table, rows in after.items() if rows and table not in {"sqlite_master", "sequences"}}
    # An aggregate without rows to count still is a row.
    assert filled <= {"public.happy_count", "public.happy_total"}


def test_rows_can_be_left_out(single: Deployment) -> None:
    before = single.state()
    single.run("backup_db", "--exclude-table-data", "django_session")
    single.wreck()
    single.run("restore_db", single.newest().name, "--no-input")
    after = single.state()
    assert set(differences(before, after)) == {key("django_session", single)}
    assert after[key("django_session", single)] == []


def test_a_dry_run_changes_nothing(single: Deployment) -> None:
    single.run("backup_db")
    single.wreck()
    before, files = single.states(), single.files()
    outcome = single.run("restore_db", "--dry-run")
    single.assert_unchanged(before)
    assert single.files() == files
    assert "intruder" in outcome.out
    assert "catalog_moment" in outcome.out


@CODECS
def test_verification_reads_everything_again(single: Deployment, codec: str) -> None:
    before = single.states()
    single.run("backup_db", "--verify", "--compression", codec)
    single.wreck()
    single.run("restore_db", "--verify-only")
    outcome = single.run("restore_db", "--no-input", "--verify")
    assert "fingerprints" in outcome.out
    single.assert_unchanged(before)


def test_a_drill_proves_a_backup(single: Deployment) -> None:
    single.run("backup_db")
    before = single.states()
    (report,) = single.run("validate_backup", "latest", "--deep", "--format", "json").document()
    assert report["ok"]
    assert report["deep"]
    assert "restored" in single.run("list_backups").out
    single.assert_unchanged(before)
    assert single.litter() == []


def test_the_safety_backup_undoes_a_restore(single: Deployment) -> None:
    single.run("backup_db")
    single.wreck()
    before = single.states()
    single.run("restore_db", "--no-input")
    (safety,) = single.backups.glob("default_pre-restore_*.[gz]*[zt]")
    single.run("restore_db", safety.name, "--no-input", "--owners")
    single.assert_unchanged(before)


def test_a_restore_into_an_empty_database(single: Deployment) -> None:
    before = single.states()
    single.run("backup_db")
    if single.server is None:
        Path(single.name()).unlink()
    else:
        single.server.psql(f"DROP DATABASE {single.name()}")
        single.server.psql(f"CREATE DATABASE {single.name()} TEMPLATE template0 OWNER {OWNER}")
    single.run("restore_db", "--no-input")
    single.assert_unchanged(before)


def test_the_longest_alias_that_the_checks_allow(sqlite: Deployment) -> None:
    alias = "a" * 193
    site = replace(
        sqlite, databases={**sqlite.databases, alias: sqlite.databases["default"]}, settings={"DATABASES": [alias]}
    )
    site.run("check")
    site.run("backup_db", "--database", alias, "--compression", "zstd", "--verify")
    site.run("restore_db", "latest", "--database", alias, "--no-input")
    for path in (path.name for path in site.backups.glob(f"{alias}_*.zst")):
        site.run("validate_backup", path, "--deep")
        site.run("cleanup_backups", "--pin", path)
    assert len(list(site.backups.glob("*_pre-restore_*.zst.status.json"))) == 0
    assert len(list(site.backups.glob("*_manual_*.zst.status.json"))) == 1
