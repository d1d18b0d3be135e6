"""`run_backups` as programs: hosts side by side, signals, what is printed, and both engines."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

import holdfast
from holdfast import clock
from holdfast.alarms import judging_drills
from holdfast.exceptions import DatabaseError, LockHeld
from holdfast.operations import list_backups, scratch
from holdfast.operations.choice import chosen
from holdfast.progress import silent
from holdfast.schedule import lease
from holdfast.stores import ALL
from tests.deployment import MANAGE, PATIENCE, Deployment
from tests.object_stores import Bucket

# Next time in December 2029: while a test runs nothing becomes due by itself.
RARELY = {"DATABASES": ["default"], "SCHEDULE": {"rare": {"EVERY": "3650d"}}}


def hosts(deployment: Deployment, count: int, *options: str) -> list[tuple[int, str]]:
    """Run the command several times at the same moment."""
    command = [sys.executable, str(MANAGE), "run_backups", *options]
    running = [
        subprocess.Popen(
            command, env=deployment.environment(), cwd=deployment.folder, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        for _ in range(count)
    ]  # fmt: skip
    outputs = [process.communicate(timeout=PATIENCE)[0] for process in running]
    return [(process.returncode, output) for process, output in zip(running, outputs, strict=True)]


def backups(deployment: Deployment) -> list[str]:
    return [name for name in deployment.files() if name.endswith(".gz")]


def until(deployment: Deployment, process: subprocess.Popen[str], count: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while len([name for name in deployment.files() if name.endswith(".gz.json")]) < count:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)


def test_two_hosts_at_once_make_one_backup(deployment: Deployment) -> None:
    scheduled = replace(deployment, settings=RARELY)
    outcomes = hosts(scheduled, 3, "--if-due")
    assert [code for code, _ in outcomes] == [0, 0, 0], outcomes
    assert len(backups(scheduled)) == 1


def test_two_hosts_without_a_common_folder_do_not_read_the_database_at_once(postgresql: Deployment) -> None:
    scheduled = replace(postgresql, settings=RARELY)
    # What another host holds; the same number in every database.
    with scheduled.in_process():
        with lease.database("default"):
            with pytest.raises(LockHeld, match="another host is at work on default"), lease.database("default"):
                pass
            outcome = scheduled.run("run_backups", code=4)
            assert "another host" in outcome.err
            outcome = scheduled.run("run_backups", "--if-due")
            assert "default rare: waits: another host is at work on default" in outcome.out
        scheduled.run("run_backups")
    assert len(backups(scheduled)) == 1


def test_due_is_done_once_and_told(deployment: Deployment) -> None:
    scheduled = replace(deployment, settings={**RARELY, "SCHEDULE": {**RARELY["SCHEDULE"], "drill": "0 5 29 2 *"}})
    assert "default rare  due since" in scheduled.run("run_backups", "--dry-run").out
    assert scheduled.files() == []
    first = scheduled.run("run_backups", "--if-due")
    assert "default_rare_" in first.out and "good (restored and compared" in first.out
    files = [name for name in scheduled.files() if not name.startswith(".")]
    second = scheduled.run("run_backups", "--if-due")
    assert second.out == "Nothing is due.\n"
    assert [name for name in scheduled.files() if not name.startswith(".")] == files
    assert "next" in scheduled.run("run_backups", "--dry-run").out


def test_without_a_schedule_it_says_how_to_write_one(sqlite: Deployment) -> None:
    assert 'HOLDFAST = {"SCHEDULE":' in sqlite.run("run_backups", code=2).err


def test_a_server_that_is_away_is_a_backup_that_failed(postgresql: Deployment) -> None:
    scheduled = replace(
        postgresql, settings={"DATABASES": ["default"], "SCHEDULE": {"daily": "0 2 * * *", "BUSY": {"SESSIONS": 100}}}
    )
    scheduled.databases["default"]["PORT"] = "1"
    scheduled.run("run_backups", "--dry-run")
    outcome = scheduled.run("run_backups", "--if-due", code=1)
    assert "default daily: " in outcome.err and "Traceback" not in outcome.err
    audit = [json.loads(line) for path in scheduled.backups.glob("*.jsonl") for line in path.read_text().splitlines()]
    assert [(run["operation"], run["result"]) for run in audit if run["event"] == "ended"] == [("backup", "failed")]


def test_one_database_that_fails_keeps_no_other_from_its_turn(sqlite: Deployment) -> None:
    scheduled = replace(sqlite, settings={"SCHEDULE": {"daily": "0 2 * * *"}})
    Path(scheduled.name("default")).unlink()
    outcome = scheduled.run("run_backups", code=5)
    assert "default daily: there is no database file" in outcome.err
    assert [name.split("_")[0] for name in backups(scheduled)] == ["second"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["sigterm", "ctrl-c"])
def test_the_loop_stops_at_once_and_cleanly(deployment: Deployment, number: signal.Signals) -> None:
    scheduled = replace(deployment, settings=RARELY)
    with scheduled.primed("run_backups", "--loop") as process:
        until(scheduled, process, 1)
        process.send_signal(number)
        output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, output
    assert output.endswith("Stopped.\n")
    assert len(backups(scheduled)) <= 1
    assert [name for name in scheduled.litter() if "snapshot" in name or "default_" in name] == []
    # What was made is known to the next one, and nothing is left that would be in its way.
    assert scheduled.run("run_backups", "--if-due").out == "Nothing is due.\n"


def test_a_wish_to_stop_is_not_lost_in_whatever_moment_it_comes(sqlite: Deployment) -> None:
    scheduled = replace(sqlite, settings={"SCHEDULE": {"often": {"EVERY": "1m"}, "other": {"EVERY": "1m"}}})
    for turn in range(10):
        with scheduled.primed("run_backups", "--loop") as process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(turn * 0.1)
            process.send_signal(signal.SIGTERM)
            output, _ = process.communicate(timeout=PATIENCE)
        # Before the loop has begun it is a command that was interrupted.
        assert output.endswith("Stopped.\n") if process.returncode == 0 else "interrupted" in output
        assert process.returncode in (0, 1)
        for path in scheduled.backups.glob("*"):
            path.unlink()


def test_the_memory_alone_is_no_backup(sqlite: Deployment) -> None:
    scheduled = replace(sqlite, settings=RARELY)
    scheduled.run("run_backups")
    (made,) = backups(scheduled)
    for name in [name for name in scheduled.files() if name.startswith(made)]:
        (scheduled.backups / name).unlink()
    assert "_rare_" in scheduled.run("run_backups", "--if-due").out
    assert len(backups(scheduled)) == 1


CHECKS = [
    "tests.project.drill_checks.every_user_has_a_name",
    "tests.project.drill_checks.nothing_else",
    "tests.project.drill_checks.no_end",
]


def test_the_project_has_the_last_word_in_a_drill(deployment: Deployment) -> None:
    drilled = {"DATABASES": ["default"], "SCHEDULE": {"daily": "0 2 * * *", "drill": "0 5 * * 0"}}
    scheduled = replace(deployment, settings={**drilled, "DRILL_CHECKS": CHECKS[:1]})
    outcome = scheduled.run("run_backups")
    assert "good (restored and compared" in outcome.out
    memory = json.loads((scheduled.backups / ".schedule.json").read_text())
    drill = memory["done"]["default"]["drill"]
    assert drill["problems"] == [] and drill["seconds"] > 0
    before = scheduled.states()
    (scheduled.backups / ".schedule.json").unlink()
    for path in scheduled.backups.glob("*.status.json"):
        path.unlink()
    unhappy = replace(scheduled, settings={**drilled, "DRILL_CHECKS": CHECKS})
    outcome = unhappy.run("run_backups", code=5)
    assert "tests.project.drill_checks.nothing_else: ValueError: there are users" in outcome.err
    # The check has written: not here.
    scheduled.assert_unchanged(before)
    # It comes back exactly, and stays what a restore would take.
    (made,) = backups(scheduled)
    (line,) = [line for line in scheduled.run("list_backups").out.splitlines() if line.startswith(made)]
    assert "good (restored" in line and "a check of the project is not content" in line
    shown = scheduled.run("list_backups", made).out
    assert "ValueError: there are users" in shown
    assert r"no_end: ValueError: holdfast_drill \x1b[2J \udc80aa" in shown and len(shown) < 10_000
    # Nobody has asked the checks again: what they said stands.
    scheduled.run("validate_backup", made)
    assert scheduled.run("list_backups", made).out == shown
    assert made in scheduled.run("restore_db", "--dry-run").out
    with unhappy.in_process():
        (state,) = holdfast.status()
        assert (state.backup, state.condition, state.last_drill and state.last_drill.result) == (
            made,
            "warning",
            "done",
        )
        assert any("nothing_else: ValueError" in reason for reason in state.reasons)
        (alarm,) = judging_drills.objections(list_backups(), clock.now())
        assert (alarm.event, "there are users" in alarm.text) == ("check_failed", False)
        assert [one.event for one in judging_drills.proofs(list_backups(), clock.now())] == ["recovered"]
    unhappy.run("validate_backup", made, "--deep", code=1)
    scheduled.run("validate_backup", made, "--deep")
    assert "not content" not in scheduled.run("list_backups").out
    assert [name for name in scheduled.litter() if "snapshot" in name] == []
    if scheduled.server is not None:
        assert scheduled.server.psql("SELECT count(*) FROM pg_database WHERE datname LIKE 'holdfast_drill%'") == "0"


def test_checks_of_a_drill_say_which_right_they_lack(postgresql: Deployment) -> None:
    single = replace(postgresql, settings={"DATABASES": ["default"]})
    assert single.server is not None
    single.run("backup_db")
    role = single.databases["default"]["USER"]
    single.server.psql(f'ALTER ROLE "{role}" NOSUPERUSER NOCREATEDB')
    try:
        with single.in_process(), chosen("latest", "default", ALL, silent) as choice:
            place = scratch.restored(choice.connection, choice.place, choice.manifest["id"], (), silent)
            with pytest.raises(DatabaseError, match="may not create one") as caught, place:
                pass
    finally:
        single.server.psql(f'ALTER ROLE "{role}" SUPERUSER')
    assert caught.value.hint is not None and f'ALTER ROLE "{role}" CREATEDB' in caught.value.hint


def test_hosts_with_a_store_in_common_make_one_backup_and_copy_what_is_missing(
    sqlite: Deployment, bucket: Bucket, tmp_path: Path
) -> None:
    def host(folder: str, endpoint: str | None = None) -> Deployment:
        store = bucket.settings(endpoint) if endpoint else bucket.settings()
        settings = {**RARELY, "STORES": {"offsite": store}, "DIRECTORY": str(tmp_path / folder)}
        return replace(sqlite, settings=settings, variables=bucket.variables())

    # The store is away: the backup is made, the copy is missing, and somebody hears of it.
    outcome = host("one", "http://127.0.0.1:1").run("run_backups", code=5)
    assert "all copies: offsite" in outcome.err
    (made,) = [path.name for path in (tmp_path / "one").glob("*.gz")]
    # It is back: nothing else is due, but the copy.
    outcome = host("one").run("run_backups", "--if-due")
    assert f"copies: the stores have everything up to {made}" in outcome.out
    assert made in bucket.names()
    assert host("one").run("run_backups", "--if-due").out == "Nothing is due.\n"
    # Another host sees there what the first one made.
    assert host("other").run("run_backups", "--if-due").out == "Nothing is due.\n"
    assert not list((tmp_path / "other").glob("*.gz"))
