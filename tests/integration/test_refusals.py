"""Bad input and bad luck: each has its exit code, a message with a hint, and leaves everything as it was."""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.deployment import PATIENCE, Deployment, Outcome
from tests.integration.test_retention_command import typed
from tests.project.snapshot import differences
from tests.servers import Server, start
from tests.templates import OWNER, Deploy, prepared, server_databases

RESTORE = ("restore_db", "latest", "--no-input")


@contextmanager
def nothing_happens(deployment: Deployment) -> Iterator[None]:
    before, files = deployment.state(), deployment.files()
    yield
    deployment.assert_unchanged({"default": before})
    assert deployment.files() == files


def assert_helpful(outcome: Outcome, *said: str) -> None:
    """A message, a hint on a line of its own, no traceback."""
    assert "Traceback" not in outcome.err
    assert len(outcome.err.strip().splitlines()) >= 2, outcome.err
    for text in said:
        assert text in outcome.err


# Usage ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        ("backup_db", "--upload"),
        ("list_backups", "--location", "s3"),
        ("cleanup_backups", "--location", "s3"),
    ],
    ids=" ".join,
)
def test_a_store_that_nobody_named_is_refused(sqlite: Deployment, command: tuple[str, ...]) -> None:
    with nothing_happens(sqlite):
        assert_helpful(sqlite.run(*command, code=2), "there is no store")


def test_a_file_is_not_swapped(sqlite: Deployment) -> None:
    sqlite.run("backup_db")
    with nothing_happens(sqlite):
        outcome = sqlite.run(*RESTORE, "--database", "default", "--strategy", "swap", code=2)
        assert_helpful(outcome, "restored in place", "--strategy")


def test_unknown_names(single: Deployment) -> None:
    single.run("backup_db")
    with nothing_happens(single):
        assert_helpful(single.run("restore_db", "no-such-backup", "--no-input", code=2), "no-such-backup")
        assert_helpful(single.run("validate_backup", "no-such-backup", code=2), "no-such-backup")
        assert_helpful(single.run("list_backups", "no-such-backup", code=2), "no-such-backup")
        assert_helpful(single.run("backup_db", "--database", "nowhere", code=2), "nowhere")
        assert_helpful(single.run(*RESTORE, "--table", "no_such_table", code=2), "no_such_table")
        assert_helpful(single.run("backup_db", "--exclude-table-data", "no_such_table", code=2), "no_such_table")
        assert_helpful(single.run("backup_db", "--compression", "lzma", code=2), "lzma")
        assert_helpful(single.run(*RESTORE, "--data-only", "--schema-only", code=2), "--data-only")


def test_no_backup_at_all(single: Deployment) -> None:
    with nothing_happens(single):
        assert_helpful(single.run(*RESTORE, code=2), "no backup")


def test_a_prefix_that_fits_two(single: Deployment) -> None:
    single.run("backup_db")
    single.run("backup_db", "--type", "daily")
    with nothing_happens(single):
        assert_helpful(single.run("restore_db", "default_", "--no-input", code=2), "manual", "daily")


def test_without_a_terminal_nobody_is_asked(single: Deployment) -> None:
    single.run("backup_db")
    with nothing_happens(single):
        assert_helpful(single.run("restore_db", "latest", code=2), "terminal", "--no-input")


def test_the_name_must_be_typed(single: Deployment) -> None:
    before = single.state()
    single.run("backup_db")
    single.wreck()
    with nothing_happens(single):
        for answer in ("", "yes", "default", single.typed_name().upper()):
            code, output = typed(single, "restore_db", "latest", answer=answer)
            assert code == 1, output
            assert "nothing was changed" in output
    code, output = typed(single, "restore_db", "latest", answer=single.typed_name())
    assert code == 0, output
    single.assert_unchanged({"default": before})


def test_a_backup_of_the_other_engine(deploy: Deploy) -> None:
    one, other = deploy("sqlite"), deploy(18)
    for target, source in ((one, other), (other, one)):
        source.run("backup_db", "--database", "default")
        with nothing_happens(target):
            assert_helpful(target.run("restore_db", source.newest(), "--no-input", code=2), "PostgreSQL", "SQLite")


@pytest.mark.parametrize(
    "damage", ["DROP TABLE catalog_sprint", "ALTER TABLE catalog_sprint RENAME COLUMN ends TO late"]
)
def test_rows_alone_need_their_tables(single: Deployment, damage: str) -> None:
    single.run("backup_db")
    single.execute(damage)
    before, files = single.state(), single.files()
    outcome = single.run(*RESTORE, "--data-only", "--no-safety-backup", code=None)
    assert outcome.code in (1, 2)
    assert_helpful(outcome, "catalog_sprint")
    assert ("ends" in outcome.err) == ("ends" in damage)
    single.assert_unchanged({"default": before})
    assert single.files() == files


def test_a_database_in_memory(sqlite: Deployment) -> None:
    memory = replace(sqlite, databases={"default": sqlite.databases["default"] | {"NAME": ":memory:"}})
    assert_helpful(memory.run("backup_db", "--database", "default", code=2), "memory")
    assert memory.files() == []


# The database --------------------------------------------------------------------------------------------------------


def test_a_wrong_password(postgresql: Deployment) -> None:
    postgresql.run("backup_db", "--database", "default")
    wrong = {"default": postgresql.databases["default"] | {"PASSWORD": "wrong-but-also-secret"}}
    with nothing_happens(postgresql):
        for command in (("backup_db", "--database", "default"), (*RESTORE, "--database", "default")):
            outcome = replace(postgresql, databases=wrong).run(*command, code=1)
            assert_helpful(outcome, "password")


def test_a_server_that_does_not_run(postgresql: Deployment) -> None:
    postgresql.run("backup_db", "--database", "default")
    # Nothing listens on the discard port.
    nowhere = {"default": postgresql.databases["default"] | {"PORT": "9"}}
    with nothing_happens(postgresql):
        for command in (("backup_db", "--database", "default"), (*RESTORE, "--database", "default")):
            assert_helpful(replace(postgresql, databases=nowhere).run(*command, code=1))


@pytest.mark.parametrize("command", [("backup_db",), (*RESTORE, "--no-safety-backup")], ids=["backup", "restore"])
def test_a_server_that_dies_in_the_middle(tmp_path: Path, command: tuple[str, ...]) -> None:
    with start(18) as server:
        prepared(server, tmp_path)
        databases = server_databases(server, {"default": "filled_default", "second": "filled_second"})
        deployment = Deployment(tmp_path, databases, server, {"DATABASES": ["default"]})
        deployment.run("backup_db")
        deployment.wreck()
        # What the server itself changes when it recovers: it empties such a table, and sequences skip numbers.
        deployment.execute("DROP TABLE unlogged")
        server.psql("CHECKPOINT")
        before, files = deployment.state(), deployment.files()
        # The run stands still at this lock, with its transaction open.
        with locked(deployment, "catalog_document"), deployment.primed(*command) as process:
            busy = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = 'filled_default'"
            while server.psql(busy) == "0":
                assert process.poll() is None
            server.kill()
            printed, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 1, printed
        assert "Traceback" not in printed
        assert deployment.files() == files
        server.launch()
        assert differences(before, deployment.state()) == {}


@contextmanager
def locked(deployment: Deployment, table: str) -> Iterator[None]:
    """Another session that has the table for itself."""
    import psycopg

    assert deployment.server is not None
    connection = psycopg.connect(deployment.server.dsn(deployment.name()))
    connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
    try:
        yield
    finally:
        connection.close()


def test_a_locked_table(postgresql: Deployment) -> None:
    limited = replace(postgresql, settings={"DATABASES": ["default"], "LOCK_TIMEOUT": 0.5})
    limited.run("backup_db")
    with nothing_happens(limited), locked(limited, "catalog_document"):
        for command in (("backup_db",), (*RESTORE, "--no-safety-backup")):
            outcome = limited.run(*command, code=1)
            assert_helpful(outcome, "lock", "process ", "holds a lock on catalog_document", "LOCK TABLE catalog_doc")
            assert re.search(r"since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", outcome.err)


def test_a_table_that_nobody_may_be_asked_about(postgresql: Deployment) -> None:
    """Somebody who only reads is in the way of a restore, and in that of a backup once a change queues behind him."""
    import psycopg

    limited = replace(postgresql, settings={"DATABASES": ["default"], "LOCK_TIMEOUT": 0.5})
    assert limited.server is not None
    limited.run("backup_db")
    reader = psycopg.connect(limited.server.dsn(limited.name(), application_name="report"))
    with nothing_happens(limited), closing(reader):
        reader.execute("SELECT count(*) FROM catalog_document")
        outcome = limited.run(*RESTORE, "--no-safety-backup", code=1)
        assert_helpful(outcome, "(report)", "holds a lock on catalog_document", "LOCK_TIMEOUT")


def test_a_role_without_rights_is_told_of_rights(postgresql: Deployment) -> None:
    assert postgresql.server is not None
    role = f"nobody_{postgresql.name()}"
    postgresql.server.create_role(role)
    try:
        given = postgresql.databases["default"]
        limited = replace(
            postgresql, settings={"DATABASES": ["default"]}, databases={"default": {**given, "USER": role}}
        )
        for attempt in ("no password yet", "no rights yet"):
            outcome = limited.run("check_backups", code=1)
            assert "whether the server runs" not in outcome.text, (attempt, outcome.text)
            postgresql.server.psql(f"ALTER ROLE {role} PASSWORD '{given['PASSWORD']}'")
        for command in (("backup_db",), ("check_backups",), ("rollback_migration", "latest", "--no-input")):
            outcome = limited.run(*command, code=None)
            assert "whether the server runs" not in outcome.text, outcome.text
        assert_helpful(limited.run("backup_db", code=1), "permission denied", "rant")
    finally:
        postgresql.server.psql(f"DROP ROLE {role}")


@pytest.mark.parametrize("named", ["catalog.Document", "catalog.document", "catalog_document"])
def test_a_table_by_its_model(single: Deployment, named: str) -> None:
    single.run("backup_db")
    before = single.state()
    single.execute("DELETE FROM catalog_document")
    single.run(*RESTORE, "--no-safety-backup", "--data-only", "--table", named)
    assert differences(before, single.state()) == {}
    outcome = single.run(*RESTORE, "--table", "catalog.Dokument", code=2)
    assert_helpful(outcome, "catalog.Dokument", "Did you mean", "catalog_document")
    assert_helpful(single.run(*RESTORE, "--table", "zzzzzzzz", code=2), "It has ", " more.")


@pytest.mark.parametrize("journal_mode", ["wal", "delete"])
def test_a_locked_file(sqlite: Deployment, journal_mode: str) -> None:
    sqlite.execute(f"PRAGMA journal_mode = {journal_mode}")
    limited = replace(sqlite, settings={"DATABASES": ["default"], "LOCK_TIMEOUT": 0.5})
    limited.databases["default"]["OPTIONS"] = {"timeout": 0.5}
    limited.run("backup_db")
    with nothing_happens(limited), closing(sqlite3.connect(limited.name(), isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("DELETE FROM catalog_document")
        for command in (("backup_db",), (*RESTORE, "--no-safety-backup")):
            assert_helpful(limited.run(*command, code=1), "locked")
        other.execute("ROLLBACK")


def test_an_extension_that_the_server_lacks(postgresql: Deployment) -> None:
    postgresql.run("backup_db", "--database", "default")
    server = postgresql.server
    assert server is not None
    with nothing_happens(postgresql), without_extension(server, "hstore"):
        outcome = postgresql.run(*RESTORE, "--database", "default", "--no-safety-backup", code=1)
        assert_helpful(outcome, "hstore")


@contextmanager
def without_extension(server: Server, name: str) -> Iterator[None]:
    """Let the owner look for extensions where this one is missing; other servers may be using the installed one."""
    installed = server.binaries.bindir.parent / "share" / "postgresql" / "extension"
    folder = server.socket_dir / "fewer"
    shutil.copytree(installed, folder / "extension")
    (folder / "extension" / f"{name}.control").unlink()
    server.psql(f"ALTER ROLE {OWNER} SET extension_control_path = '{folder}'")
    try:
        yield
    finally:
        server.psql(f"ALTER ROLE {OWNER} RESET extension_control_path")
        shutil.rmtree(folder)


# The disk ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk() -> Iterator[Callable[[Deployment], dict[str, Any]]]:
    """Gives a folder of backups too little room: a small disk or, without the right to mount, small files."""
    mounted: list[Path] = []

    def shrink(deployment: Deployment) -> dict[str, Any]:
        folder = deployment.backups
        folder.mkdir(exist_ok=True)
        mount = ["mount", "-t", "tmpfs", "-o", "size=48k,mode=700", "holdfast-test", str(folder)]
        if os.geteuid() == 0 and subprocess.run(mount, check=False, capture_output=True).returncode == 0:
            mounted.append(folder)
            return {}
        limit = (48 << 10, 48 << 10)

        def small_files() -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)

        return {"preexec_fn": small_files}

    yield shrink
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk(single: Deployment, small_disk: Callable[[Deployment], dict[str, Any]]) -> None:
    limits = small_disk(single)
    with nothing_happens(single):
        assert_helpful(single.run("backup_db", code=1, **limits))
    assert single.files() == []


def test_a_full_disk_stops_a_restore(single: Deployment, small_disk: Callable[[Deployment], dict[str, Any]]) -> None:
    single.run("backup_db")
    elsewhere = single.folder / "elsewhere"
    shutil.copytree(single.backups, elsewhere)
    backup = elsewhere / single.newest().name
    single.wreck()
    limits = small_disk(single)
    with nothing_happens(single):
        assert_helpful(single.run("restore_db", backup, "--no-input", code=1, **limits))


def test_a_folder_that_cannot_be_written(single: Deployment) -> None:
    single.run("backup_db")
    # For root rights count only without this capability.
    through = ["setpriv", "--bounding-set=-dac_override", "--"] if os.geteuid() == 0 else []
    single.backups.chmod(0o555)
    try:
        with nothing_happens(single):
            for command in (("backup_db",), RESTORE):
                outcome = single.run(*command, code=None, through=through)
                assert outcome.code in (1, 2)
                assert_helpful(outcome, str(single.backups))
    finally:
        single.backups.chmod(0o700)
