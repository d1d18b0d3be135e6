"""Whatever stops a run, and whenever: the old state or the new, and nothing that looks like a backup and is none."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import psycopg
import pytest

import holdfast
from tests.deployment import PATIENCE, Deployment
from tests.project.snapshot import differences

ROUNDS = 20
INTERRUPTIONS = 8
SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])

BACKUP = ("backup_db",)
# Nothing else may change the folder.
RESTORE = ("restore_db", "latest", "--no-input", "--no-safety-backup", "--owners")


def duration(deployment: Deployment, command: tuple[str, ...]) -> float:
    with deployment.primed(*command) as process:
        started = time.perf_counter()
        assert process.wait(PATIENCE) == 0
        return time.perf_counter() - started


def stop(deployment: Deployment, command: tuple[str, ...], seconds: float, number: signal.Signals) -> tuple[int, str]:
    """Send a signal so long after the work began; the time only spreads the rounds over the whole run."""
    with deployment.primed(*command) as process:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, number)
        printed, _ = process.communicate(timeout=PATIENCE)
        deployment.settle()
        return process.returncode, printed


class Kills:
    """Kills a command again and again, each time at another moment, until all of its run was met."""

    def __init__(self, deployment: Deployment, command: tuple[str, ...], rounds: int = ROUNDS) -> None:
        self.deployment, self.command, self.rounds = deployment, command, rounds
        self.seconds = duration(deployment, command)
        self.killed = 0

    @property
    def is_over(self) -> bool:
        return self.killed == self.rounds

    def strike(self) -> None:
        """Run the command once more, and kill it unless it ends before."""
        code, printed = stop(self.deployment, self.command, self.seconds * self.killed / self.rounds, signal.SIGKILL)
        if code == -signal.SIGKILL:
            self.killed += 1
            return
        assert code == 0, printed
        # The machine was busier when the time was taken.
        self.seconds *= 0.9


def early(turn: int) -> float:
    """Spread the turns over a run, the first ones close together: on a busy machine the measured time may be long."""
    return (turn / INTERRUPTIONS) ** 2


def is_over(code: int, number: signal.Signals) -> bool:
    """Whether the work was done: once it is, the interpreter's own end may still take the signal."""
    return code in (0, -number)


def assert_only_whole_backups(known: set[str]) -> None:
    for backup in holdfast.list_backups():
        assert backup.problem is None
        assert backup.name in known or holdfast.validate(str(backup.path)).ok
        known.add(backup.name)


def test_a_killed_backup_leaves_none_or_a_whole_one(single: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    before = single.state()
    known: set[str] = set()
    # Of other days, or the command that is killed would wait for a second that is not taken.
    days = (datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=number) for number in count())
    monkeypatch.setattr("holdfast.operations.creation._free_moment", lambda *_: next(days))
    with single.in_process():
        kills = Kills(single, BACKUP)
        while not kills.is_over:
            kills.strike()
            assert_only_whole_backups(known)
            known.add(holdfast.backup("default").name)
            assert single.litter() == []
    assert differences(before, single.state()) == {}


def test_a_killed_restore_leaves_the_old_state_or_the_new(single: Deployment) -> None:
    new = single.state()
    single.run("backup_db")
    single.wreck()
    old = single.state()
    kills = Kills(single, RESTORE)
    assert differences(new, single.state()) == {}
    files = single.files()
    while not kills.is_over:
        single.wreck()
        kills.strike()
        after = single.state()
        assert not differences(new, after) or not differences(old, after)
        with single.in_process():
            holdfast.restore("latest", safety_backup="skip", owners="apply")
        assert single.files() == files
    assert differences(new, single.state()) == {}


@SIGNALS
def test_an_interrupted_backup_leaves_nothing(single: Deployment, number: signal.Signals) -> None:
    before = single.state()
    seconds = duration(single, BACKUP)
    interrupted = 0
    for turn in range(INTERRUPTIONS):
        files = single.files()
        code, printed = stop(single, BACKUP, seconds * early(turn), number)
        if is_over(code, number):
            assert len(single.files()) == len(files) + 3
            continue
        interrupted += 1
        assert code == 1, printed
        assert "interrupted: nothing was changed" in printed
        assert "Traceback" not in printed
        assert single.files() == files
    assert interrupted > 0
    assert differences(before, single.state()) == {}


@SIGNALS
def test_an_interrupted_restore_leaves_the_old_state(single: Deployment, number: signal.Signals) -> None:
    new = single.state()
    single.run("backup_db")
    single.wreck()
    old = single.state()
    seconds = duration(single, RESTORE)
    files = single.files()
    interrupted = 0
    for turn in range(INTERRUPTIONS):
        if not differences(new, single.state()):
            single.wreck()
        code, printed = stop(single, RESTORE, seconds * early(turn), number)
        assert single.files() == files
        if is_over(code, number):
            assert differences(new, single.state()) == {}
            continue
        interrupted += 1
        assert code == 1, printed
        assert "interrupted: nothing was changed" in printed
        assert "Traceback" not in printed
        assert differences(old, single.state()) == {}
    assert interrupted > 0


@contextmanager
def read(deployment: Deployment) -> Iterator[None]:
    """Let another session be in the middle of reading a table."""
    server = deployment.server
    session: sqlite3.Connection | psycopg.Connection = (
        sqlite3.connect(deployment.name(), isolation_level=None)
        if server is None
        else psycopg.connect(server.dsn(deployment.name()), autocommit=True)
    )
    with closing(session):
        session.execute("BEGIN")
        session.execute("SELECT count(*) FROM catalog_document").fetchone()
        yield


def test_a_full_restore_interrupted_in_its_safety_backup(single: Deployment) -> None:
    single.run("backup_db")
    single.wreck()
    before, files = single.state(), single.files()
    single.settings["LOCK_TIMEOUT"] = PATIENCE
    # A reader, whom the backup does not mind and the restore waits for: it cannot be over when the signal comes.
    with read(single), single.primed("restore_db", "latest", "--no-input", "--strategy", "in-place") as process:
        # The lock's holder is written before the safety backup begins.
        lock = Path(single.backups, ".default.lock")
        while not lock.read_bytes():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        printed, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "interrupted: nothing was changed" in printed
    assert differences(before, single.state()) == {}
    # The safety backup may have been finished; it is one more backup then, whole.
    assert {name for name in single.files() if "pre-restore" not in name} == set(files)
    assert single.litter() == []
