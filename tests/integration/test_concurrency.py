"""Backups while others write, and two runs at a time."""

from __future__ import annotations

import gzip
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from django.db import connections

import holdfast
from tests.deployment import PATIENCE, ROOT, Deployment

ACCOUNTS = """
    CREATE TABLE checking (id integer PRIMARY KEY, amount integer NOT NULL);
    CREATE TABLE saving (id integer PRIMARY KEY, amount integer NOT NULL);
    CREATE TABLE ledger (id integer PRIMARY KEY, note text);
    INSERT INTO checking VALUES (1, 100), (2, 100), (3, 100), (4, 100);
    INSERT INTO saving VALUES (1, 0), (2, 0), (3, 0), (4, 0)
"""
TOTAL = 400
BALANCE = "SELECT (SELECT sum(amount) FROM checking) + (SELECT sum(amount) FROM saving)"
MOVED = (
    "SELECT (SELECT sum(amount) FROM saving), (SELECT count(*) FROM ledger), (SELECT coalesce(max(id), 0) FROM ledger)"
)

# Both move money until their input ends, and say the number of each transfer once it is committed.
SQLITE_WRITER = """
import random, select, sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
number = 0
while not select.select([sys.stdin], [], [], 0)[0]:
    number += 1
    database.execute("BEGIN IMMEDIATE")
    database.execute("UPDATE checking SET amount = amount - 1 WHERE id = ?", [random.randint(1, 4)])
    database.execute("INSERT INTO ledger VALUES (?, ?)", [number, "x" * 500])
    database.execute("UPDATE saving SET amount = amount + 1 WHERE id = ?", [random.randint(1, 4)])
    database.execute("COMMIT")
    print(number, flush=True)
"""
POSTGRESQL_WRITER = """
import random, select, sys
import psycopg
database = psycopg.connect(sys.argv[1])
number = 0
while not select.select([sys.stdin], [], [], 0)[0]:
    number += 1
    with database.transaction():
        database.execute("UPDATE checking SET amount = amount - 1 WHERE id = %s", [random.randint(1, 4)])
        database.execute("INSERT INTO ledger VALUES (%s, %s)", [number, "x" * 500])
        database.execute("UPDATE saving SET amount = amount + 1 WHERE id = %s", [random.randint(1, 4)])
        database.execute("UPDATE large SET body = body || 'x' WHERE id = %s", [random.randint(1, 1000)])
    print(number, flush=True)
"""


class Writer:
    def __init__(self, script: str, target: str) -> None:
        self.last = 0
        self.process = subprocess.Popen(
            [sys.executable, "-c", script, target], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def acknowledged(self, more: int) -> int:
        """Wait for so many more commits and give the number of the last one."""
        assert self.process.stdout is not None
        self.last = [int(self.process.stdout.readline()) for _ in range(more)][-1]
        return self.last

    def finish(self) -> int:
        assert self.process.stdin is not None and self.process.stdout is not None
        # Not `communicate`: it reads past what `readline` has buffered, and the last number may be among that.
        self.process.stdin.write("stop\n")
        self.process.stdin.close()
        last = [self.last, *map(int, self.process.stdout)][-1]
        assert self.process.wait(PATIENCE) == 0
        return last


@contextmanager
def writing(deployment: Deployment) -> Iterator[Writer]:
    if deployment.server is None:
        writer = Writer(SQLITE_WRITER, deployment.name())
    else:
        writer = Writer(POSTGRESQL_WRITER, deployment.server.dsn(deployment.name()))
    with writer.process:
        try:
            yield writer
        finally:
            writer.process.kill()


def assert_consistent(database: sqlite3.Connection, least: int) -> None:
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert database.execute(BALANCE).fetchone() == (TOTAL,)
    ((moved, entries, last),) = database.execute(MOVED).fetchall()
    assert moved == entries == last >= least


def unpacked(backup: Path, folder: Path) -> Path:
    file = folder / f"{backup.name}.unpacked"
    with gzip.open(backup) as stored:
        file.write_bytes(stored.read())
    return file


@pytest.fixture
def accounts(single: Deployment) -> Deployment:
    single.execute(ACCOUNTS)
    return single


@pytest.mark.parametrize("journal_mode", ["wal", "delete"])
def test_sqlite_backups_under_writes(sqlite: Deployment, journal_mode: str) -> None:
    sqlite.execute(f"PRAGMA journal_mode = {journal_mode}; {ACCOUNTS}")
    # Without a log a writer that never pauses leaves others little room.
    sqlite.databases["default"]["OPTIONS"] = {"timeout": 60}
    sqlite.settings["LOCK_TIMEOUT"] = 60
    with writing(sqlite) as writer:
        backups = []
        for _ in range(4):
            least = writer.acknowledged(20)
            sqlite.run("backup_db", "--database", "default")
            backups.append((sqlite.newest(), least))
        with sqlite.in_process():
            # Django's own connection stays open in the process that makes the backup, in a transaction even.
            with connections["default"].cursor() as cursor:
                cursor.execute("BEGIN")
                cursor.execute("SELECT count(*) FROM ledger").fetchone()
                for turn in range(4):
                    least = writer.acknowledged(20)
                    backups.append((holdfast.backup("default", kind=f"turn-{turn}").path, least))
                    cursor.execute("SELECT count(*) FROM ledger").fetchone()
                cursor.execute("COMMIT")
        last = writer.finish()
    for backup, least in backups:
        with closing(sqlite3.connect(unpacked(backup, sqlite.folder))) as database:
            assert_consistent(database, least)
    with closing(sqlite3.connect(sqlite.name())) as database:
        assert_consistent(database, last)
        assert database.execute("SELECT max(id) FROM ledger").fetchone() == (last,)


def test_postgresql_backups_under_writes(postgresql: Deployment) -> None:
    server = postgresql.server
    assert server is not None
    postgresql.execute(ACCOUNTS)
    # More than one piece of 32 MiB, so that several connections read one table.
    postgresql.execute(
        "CREATE TABLE large (id integer PRIMARY KEY, body text); "
        "ALTER TABLE large ALTER COLUMN body SET STORAGE PLAIN; "
        "INSERT INTO large SELECT n, repeat(md5(n::text), 60) FROM generate_series(1, 24000) n"
    )
    assert int(server.psql("SELECT pg_relation_size('large')", postgresql.name())) > 40 << 20
    backups = []
    with writing(postgresql) as writer:
        for _ in range(3):
            least = writer.acknowledged(20)
            postgresql.run("backup_db", "--database", "default", "--jobs", "4")
            backups.append((postgresql.newest(), least))
        last = writer.finish()
    assert int(server.psql("SELECT max(id) FROM ledger", postgresql.name())) == last
    for backup, least in backups:
        postgresql.run("restore_db", backup, "--no-input", "--no-safety-backup", "--verify", "--table", "checking",
                       "--table", "saving", "--table", "ledger", "--table", "large")  # fmt: skip
        assert int(server.psql(BALANCE, postgresql.name())) == TOTAL
        moved, entries, number = map(int, server.psql(MOVED, postgresql.name()).split("|"))
        assert moved == entries == number >= least
        assert server.psql("SELECT count(*), sum(length(body)) - 24000 * 60 * 32 FROM large", postgresql.name()) == (
            f"24000|{moved}"
        )


@pytest.mark.parametrize("command", [("backup_db",), ("restore_db", "latest", "--no-input")], ids=["backup", "restore"])
def test_a_second_run_is_refused_at_once(single: Deployment, command: tuple[str, ...]) -> None:
    single.run("backup_db")
    before, files = single.state(), single.files()
    with holding(single) as holder:
        outcome = single.run(*command, code=4)
        assert f"process {holder.pid}" in outcome.err
        assert "backup" in outcome.err
        assert "\n" in outcome.err.strip()
    single.assert_unchanged({"default": before})
    assert [name for name in single.files() if not name.startswith(".")] == files


def test_other_aliases_are_not_concerned(single: Deployment) -> None:
    with holding(single):
        single.run("backup_db", "--database", "second")


def test_the_lock_of_a_dead_run_is_free(single: Deployment) -> None:
    with holding(single) as holder:
        holder.kill()
        holder.wait()
    single.run("backup_db")
    assert single.litter() == []


# A backup that stands still where it holds the lock of its database, and no other one.
HOLDER = """
import signal, sys
sys.path[0] = sys.argv.pop(1)
import django
django.setup()
from django.core.management import call_command
from holdfast.operations import creation
def stand_still(*_arguments):
    print("held", flush=True)
    signal.pause()
creation._free_moment = stand_still
call_command("backup_db")
"""


@contextmanager
def holding(deployment: Deployment) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(ROOT)], env=deployment.environment(), cwd=deployment.folder, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()
