"""Live SQLite databases: copied while others write, replaced while others read, killed in the middle."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.db.utils import ConnectionHandler

from holdfast.exceptions import DatabaseError, RestoreFailed, UsageError
from holdfast.sqlite import current_counts, freeze, live_page_size, replace_tables, thaw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.backends.base.base import BaseDatabaseWrapper

if not settings.configured:
    settings.configure()

SCHEMA = """
CREATE TABLE checking (id INTEGER PRIMARY KEY, amount INTEGER NOT NULL);
CREATE TABLE saving (id INTEGER PRIMARY KEY, amount INTEGER NOT NULL);
CREATE TABLE ledger (id INTEGER PRIMARY KEY, note TEXT);
INSERT INTO checking SELECT value, 100 FROM generate_ids;
INSERT INTO saving SELECT value, 0 FROM generate_ids;
""".replace("generate_ids", "(SELECT column1 AS value FROM (VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)))")
TOTAL = 1000

# Moves money until its input ends; says the number of each transfer once it is committed.
TRANSFERS = """
import random, select, sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
while not select.select([sys.stdin], [], [], 0)[0]:
    database.execute("BEGIN IMMEDIATE")
    database.execute("UPDATE checking SET amount = amount - 1 WHERE id = ?", [random.randint(1, 10)])
    number = database.execute("INSERT INTO ledger (note) VALUES (?)", ["x" * 500]).lastrowid
    database.execute("UPDATE saving SET amount = amount + 1 WHERE id = ?", [random.randint(1, 10)])
    database.execute("COMMIT")
    print(number, flush=True)
"""

PROBE = """
import sqlite3, sys
try:
    sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None).execute("BEGIN IMMEDIATE")
except sqlite3.OperationalError:
    print("locked")
else:
    print("free")
"""

# Holds what its second argument begins until its input ends.
HOLD = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
for statement in sys.argv[2].split(";"):
    database.execute(statement).fetchall()
print("held", flush=True)
sys.stdin.read()
"""

THAW = """
import sys
from pathlib import Path
from django.conf import settings
from django.db.utils import ConnectionHandler
from holdfast.sqlite import thaw
settings.configure()
handler = ConnectionHandler({"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1]}})
print("ready", flush=True)
thaw(handler["default"], Path(sys.argv[2]))
print("done", flush=True)
"""

JOURNAL_MODES = pytest.mark.parametrize("journal_mode", ["wal", "delete"])


def alias(name: Path | str, **options: object) -> BaseDatabaseWrapper:
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": name, "OPTIONS": options}
    return ConnectionHandler({"default": database})["default"]


def make(path: Path, script: str = SCHEMA, journal_mode: str = "delete") -> Path:
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"PRAGMA journal_mode = {journal_mode}")
        database.executescript(script)
    return path


def query(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(sql).fetchall()


def value(path: Path, sql: str) -> object:
    return query(path, sql)[0][0]


@contextmanager
def child(script: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def probe(path: Path) -> str:
    return subprocess.run(
        [sys.executable, "-c", PROBE, path], check=True, capture_output=True, text=True
    ).stdout.strip()


def acknowledged(writer: subprocess.Popen[str], count: int) -> int:
    """Wait for so many more commits, and give the number of the last one."""
    return [int(writer.stdout.readline()) for _ in range(count)][-1]


def finish(writer: subprocess.Popen[str], last: int) -> int:
    # Not `communicate`: it reads past what `readline` has buffered, and the last number may be among that.
    writer.stdin.write("stop\n")
    writer.stdin.close()
    last = [last, *(int(line) for line in writer.stdout)][-1]
    assert writer.wait(timeout=60) == 0
    return last


def assert_consistent(path: Path, last_transfer: int) -> None:
    assert value(path, "PRAGMA integrity_check") == "ok"
    balance = "SELECT (SELECT sum(amount) FROM checking) + (SELECT sum(amount) FROM saving)"
    assert value(path, balance) == TOTAL
    moved = value(path, "SELECT sum(amount) FROM saving")
    assert moved == value(path, "SELECT count(*) FROM ledger") == value(path, "SELECT max(id) FROM ledger")
    assert moved >= last_transfer


@JOURNAL_MODES
def test_copies_while_another_process_commits(tmp_path: Path, journal_mode: str) -> None:
    live = make(tmp_path / "live", journal_mode=journal_mode)
    with child(TRANSFERS, live) as writer:
        connection = alias(live, timeout=60)
        for number in range(10):
            last = acknowledged(writer, 20)
            copy = tmp_path / f"copy{number}"
            freeze(connection, copy)
            assert_consistent(copy, last)
            assert copy.stat().st_mode & 0o777 == 0o600
        last = finish(writer, last)
    assert_consistent(live, last)


@JOURNAL_MODES
def test_copies_in_the_middle_of_our_own_transaction(tmp_path: Path, journal_mode: str) -> None:
    live = make(tmp_path / "live", journal_mode=journal_mode)
    with child(TRANSFERS, live) as writer:
        connection = alias(live, timeout=60, transaction_mode="IMMEDIATE")
        for number in range(5):
            last = acknowledged(writer, 20)
            copy = tmp_path / f"copy{number}"
            with connection.cursor() as cursor:
                cursor.execute("BEGIN IMMEDIATE")
                cursor.execute("UPDATE checking SET amount = amount - 500")
                freeze(connection, copy)
                assert probe(live) == "locked"
                cursor.execute("UPDATE checking SET amount = amount + 500")
                cursor.execute("UPDATE ledger SET note = 'ours' WHERE id = %s", [number + 1])
                cursor.execute("COMMIT")
            assert_consistent(copy, last)
        last = finish(writer, last)
        connection.close()
    assert_consistent(live, last)
    assert value(live, "SELECT count(*) FROM ledger WHERE note = 'ours'") == 5


@JOURNAL_MODES
def test_locks_of_djangos_connection_survive(tmp_path: Path, journal_mode: str) -> None:
    live = make(tmp_path / "live", journal_mode=journal_mode)
    connection = alias(live)
    with connection.cursor() as cursor:
        cursor.execute("BEGIN IMMEDIATE")
        cursor.execute("UPDATE checking SET amount = 0 WHERE id = 1")
        freeze(connection, tmp_path / "copy")
        current_counts(connection)
        live_page_size(connection)
        assert probe(live) == "locked"
        cursor.execute("ROLLBACK")
        assert probe(live) == "free"
    connection.close()


def test_the_lock_probe_sees_a_lost_lock(tmp_path: Path) -> None:
    live = make(tmp_path / "live")
    with closing(sqlite3.connect(live, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        live.read_bytes()
        assert probe(live) == "free"


def test_an_open_transaction_is_neither_copied_nor_closed(tmp_path: Path) -> None:
    live = make(tmp_path / "live")
    connection = alias(live)
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("INSERT INTO ledger (note) VALUES ('uncommitted')")
        freeze(connection, tmp_path / "copy")
        with pytest.raises(UsageError, match="open transaction"):
            thaw(connection, tmp_path / "copy")
        with pytest.raises(UsageError, match="open transaction"):
            replace_tables(connection, tmp_path / "copy", ["ledger"], "full")
        cursor.execute("COMMIT")
    connection.close()
    assert value(tmp_path / "copy", "SELECT count(*) FROM ledger") == 0
    assert value(live, "SELECT count(*) FROM ledger") == 1


@JOURNAL_MODES
def test_a_locked_database_is_an_error_and_leaves_no_copy(tmp_path: Path, journal_mode: str) -> None:
    live = make(tmp_path / "live", journal_mode=journal_mode)
    with child(HOLD, live, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; DELETE FROM saving") as holder:
        holder.stdout.readline()
        with pytest.raises(DatabaseError, match="stayed locked") as caught:
            freeze(alias(live), tmp_path / "copy", timeout_seconds=0.1)
        assert "transaction" in caught.value.hint
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize(
    "name", [":memory:", "file:shared?mode=memory&cache=shared", "file::memory:?cache=shared", "file:"]
)
def test_databases_in_memory_are_refused(tmp_path: Path, name: str) -> None:
    for work in (lambda: freeze(alias(name), tmp_path / "copy"), lambda: thaw(alias(name), tmp_path / "copy")):
        with pytest.raises(UsageError, match="in memory"):
            work()


def test_a_missing_file_is_an_error_and_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="no database file"):
        freeze(alias(tmp_path / "missing"), tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_database_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "live").write_text("notes " * 1000)
    with pytest.raises(DatabaseError, match="no SQLite database"):
        freeze(alias(tmp_path / "live"), tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_an_existing_copy_is_never_overwritten(tmp_path: Path) -> None:
    live = make(tmp_path / "live")
    (tmp_path / "copy").write_text("precious")
    with pytest.raises(FileExistsError):
        freeze(alias(live), tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == "precious"


def test_uri_names_and_options_are_respected(tmp_path: Path) -> None:
    live = make(tmp_path / "odd name%3F", journal_mode="wal")
    name = f"file:{tmp_path}/odd%20name%253F?cache=shared"
    connection = alias(name, init_command="CREATE TEMP TABLE mark (a); PRAGMA cache_size = 10", timeout=1)
    assert connection.cursor().execute("SELECT count(*) FROM checking").fetchone() == (10,)
    freeze(connection, tmp_path / "copy")
    assert value(tmp_path / "copy", "SELECT count(*) FROM checking") == 10
    assert current_counts(connection) == {"checking": 10, "ledger": 0, "saving": 10}
    connection.close()
    read_only = alias(f"{name}&mode=ro")
    freeze(read_only, tmp_path / "second")
    with pytest.raises(UsageError, match="read-only"):
        thaw(read_only, tmp_path / "second")
    assert live.exists()


def test_progress_is_told_and_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    # A shell ignores Ctrl-C on behalf of what it runs in the background, these tests perhaps.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    live = make(tmp_path / "live", "CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(20000000))")
    steps: list[tuple[int, int]] = []
    freeze(alias(live), tmp_path / "copy", progress=lambda done, total: steps.append((done, total)))
    assert len(steps) >= 4
    assert steps[-1] == (live.stat().st_size, live.stat().st_size)

    def interrupt(done: int, _total: int) -> None:
        if done > 8_000_000:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        freeze(alias(live), tmp_path / "stopped", progress=interrupt)
    assert not (tmp_path / "stopped").exists()


def private_copy(tmp_path: Path, rows: int = 3, page_size: int = 4096) -> Path:
    script = f"PRAGMA page_size = {page_size}; {SCHEMA} UPDATE saving SET amount = 5 WHERE id <= {rows}"
    return make(tmp_path / f"private{page_size}", script)


@JOURNAL_MODES
def test_a_thawed_database_equals_the_private_file(tmp_path: Path, journal_mode: str) -> None:
    live = make(tmp_path / "live", journal_mode=journal_mode)
    live.chmod(0o640)
    private = private_copy(tmp_path)
    connection, other_thread = alias(live), alias(live)
    with child(HOLD, live, "SELECT count(*) FROM ledger") as reader:
        reader.stdout.readline()
        for one in (connection, other_thread):
            # In WAL mode these rows stand in the log alone, which must not come back over what was restored.
            one.cursor().execute("INSERT INTO ledger (note) VALUES ('after the backup')")
            one.cursor().execute("CREATE TABLE IF NOT EXISTS later (id)")
        thaw(connection, private)
        for one in (connection, other_thread):
            assert one.cursor().execute("SELECT count(*) FROM ledger").fetchone() == (0,)
            assert one.cursor().execute("SELECT sum(amount) FROM saving").fetchone() == (15,)
            assert one.cursor().execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert "later" not in current_counts(one)
        assert query(live, "SELECT sum(amount) FROM saving") == [(15,)]
    connection.close()
    other_thread.close()
    assert value(live, "PRAGMA journal_mode") == journal_mode
    assert live.stat().st_mode & 0o777 == 0o640
    assert not live.with_name("live-wal").exists()
    assert query(live, "SELECT * FROM saving") == query(private, "SELECT * FROM saving")


@JOURNAL_MODES
@pytest.mark.parametrize("lock", ["BEGIN IMMEDIATE; DELETE FROM saving", "BEGIN EXCLUSIVE; DELETE FROM saving"])
def test_a_locked_database_keeps_its_state(tmp_path: Path, journal_mode: str, lock: str) -> None:
    live = make(tmp_path / "live", journal_mode=journal_mode)
    before = query(live, "SELECT * FROM saving")
    with child(HOLD, live, lock) as holder:
        holder.stdout.readline()
        with pytest.raises(DatabaseError, match="stayed locked"):
            thaw(alias(live), private_copy(tmp_path), timeout_seconds=0.1)
        with pytest.raises(DatabaseError, match="stayed locked"):
            replace_tables(alias(live), tmp_path / "private4096", ["saving"], "full", timeout_seconds=0.1)
    assert query(live, "SELECT * FROM saving") == before
    assert value(live, "PRAGMA integrity_check") == "ok"


def test_a_reader_in_rollback_mode_is_waited_for_and_then_an_error(tmp_path: Path) -> None:
    live = make(tmp_path / "live")
    with child(HOLD, live, "BEGIN; SELECT * FROM saving") as holder:
        holder.stdout.readline()
        with pytest.raises(DatabaseError, match="stayed locked"):
            thaw(alias(live), private_copy(tmp_path), timeout_seconds=0.1)
    assert value(live, "SELECT sum(amount) FROM saving") == 0


def test_another_page_size_is_refused_in_wal_mode_alone(tmp_path: Path) -> None:
    private = private_copy(tmp_path, page_size=1024)
    wal, delete = make(tmp_path / "wal", journal_mode="wal"), make(tmp_path / "delete")
    assert (live_page_size(alias(wal)), live_page_size(alias(delete)), live_page_size(alias(tmp_path / "no"))) == (
        4096,
        None,
        None,
    )
    with pytest.raises(RestoreFailed, match="1024"):
        thaw(alias(wal), private)
    assert value(wal, "SELECT sum(amount) FROM saving") == 0
    thaw(alias(delete), private)
    assert value(delete, "SELECT sum(amount) FROM saving") == 15
    assert value(delete, "PRAGMA integrity_check") == "ok"


def test_a_missing_database_is_made_and_a_stale_log_ignored(tmp_path: Path) -> None:
    live = make(tmp_path / "live", journal_mode="wal")
    with child(HOLD, live, "DELETE FROM checking") as holder:
        holder.stdout.readline()
        holder.kill()
        holder.wait()
    assert live.with_name("live-wal").stat().st_size > 0
    live.unlink()
    thaw(alias(live), private_copy(tmp_path))
    assert value(live, "SELECT count(*) FROM checking") == 10
    assert value(live, "PRAGMA integrity_check") == "ok"


def test_an_empty_database_makes_the_round_trip(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    freeze(alias(tmp_path / "empty"), tmp_path / "copy")
    live = make(tmp_path / "live")
    thaw(alias(live), tmp_path / "copy")
    assert query(live, "SELECT * FROM sqlite_master") == []


@JOURNAL_MODES
def test_kill_in_the_middle_leaves_the_old_state_or_the_new(tmp_path: Path, journal_mode: str) -> None:
    rows = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 15000) INSERT INTO t SELECT {} FROM n"
    schema = "CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB, state TEXT);"
    old = make(tmp_path / "old", schema + rows.format("i, randomblob(1000), 'old'"), journal_mode)
    new = make(tmp_path / "new", schema + rows.format("i * 2, randomblob(1500), 'new'"))
    contents = {tuple(query(path, "SELECT * FROM t")) for path in (old, new)}
    seconds, rounds = 0.0, 20
    for number in range(-1, rounds):
        live = tmp_path / f"live{number}"
        live.write_bytes(old.read_bytes())
        with child(THAW, live, new) as thawing:
            assert thawing.stdout.readline() == "ready\n"
            started = time.perf_counter()
            if number < 0:
                assert thawing.stdout.readline() == "done\n"
                seconds = time.perf_counter() - started
                continue
            # Spread over the length of a whole thaw, so that each phase of it is hit.
            time.sleep(seconds * number / rounds)
            os.kill(thawing.pid, signal.SIGKILL)
            thawing.wait()
        assert value(live, "PRAGMA integrity_check") == "ok"
        assert tuple(query(live, "SELECT * FROM t")) in contents
        live.unlink()
