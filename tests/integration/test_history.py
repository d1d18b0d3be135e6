"""Every run is recorded, and recording never stands in the way of one."""

from __future__ import annotations

import fcntl
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection, transaction

import holdfast
from holdfast import history, signals, waiting
from holdfast.exceptions import UsageError
from holdfast.history import audit
from holdfast.models import BackupRun
from tests.deployment import PATIENCE, Deployment
from tests.project.snapshot import differences

TABLE = "holdfast_backuprun"


@pytest.fixture
def recording(deployment: Deployment) -> Deployment:
    return replace(deployment, settings={"DATABASES": ["default"], "HISTORY": True})


def operations() -> list[tuple[str, str, str]]:
    return [(run.operation, run.kind, run.result) for run in reversed(history.runs())]


def test_each_run_is_a_row_with_what_it_did(recording: Deployment) -> None:
    with recording.in_process():
        report = holdfast.backup("default", kind="daily")
        holdfast.validate(report.name)
        holdfast.validate(report.name, depth="restore")
        done = holdfast.restore(report.name, strategy="in-place")
        (row,) = BackupRun.objects.filter(operation="backup", kind="daily")

        assert (row.backup, row.rows, row.stored_size, row.raw_size, row.result) == (
            report.name, report.rows, report.stored_size, report.raw_size, "done",
        )  # fmt: skip
        assert row.os_user and row.host and row.command and row.finished >= row.started
        assert operations() == [
            ("backup", "daily", "done"), ("validation", "", "done"), ("drill", "", "done"),
            ("restore", "daily", "done"), ("backup", "pre-restore", "done"),
        ]  # fmt: skip
        restored = history.runs(operation="restore")[0]
        assert (restored.backup, restored.rows) == (report.name, done.rows)
        assert BackupRun.objects.count() == 5


def test_a_run_that_fails_says_why_and_for_whom(recording: Deployment) -> None:
    with recording.in_process():
        report = holdfast.backup("default")
        report.path.write_bytes(report.path.read_bytes()[:-200])
        with history.acting_for("ann"):
            assert not holdfast.validate(str(report.path)).ok
            with pytest.raises(UsageError):
                holdfast.backup("default", exclude_table_data=["nonsense"])
        failed = history.runs(limit=2)
        assert [(run.operation, run.result, run.django_user) for run in failed] == [
            ("backup", "refused", "ann"), ("validation", "failed", "ann"),
        ]  # fmt: skip
        assert "nonsense" in failed[0].error
        assert history.runs()[2].django_user == ""


def test_runs_since_a_backup_are_back_after_its_restore(recording: Deployment) -> None:
    with recording.in_process():
        first = holdfast.backup("default", kind="daily")
        holdfast.backup("default", kind="weekly")
        before = [run.id for run in history.runs()]
        holdfast.restore(first.name, strategy="in-place", safety_backup="skip")

        known = set(BackupRun.objects.values_list("run", flat=True))
        assert set(before) < known
        assert len(known) == 3


def test_a_lost_table_is_filled_again_from_the_log_and_the_backups(recording: Deployment) -> None:
    with recording.in_process():
        old = holdfast.backup("default", kind="daily")
        (recording.backups / "audit.jsonl").unlink()
        holdfast.backup("default", kind="weekly")
        BackupRun.objects.all().delete()

        assert [(run.kind, run.result) for run in history.runs()] == [("weekly", "done"), ("daily", "done")]
        again = BackupRun.objects.get(kind="daily")
        assert (again.backup, again.rows, again.stored_size) == (old.name, old.rows, old.stored_size)
        history.rebuild()
        assert BackupRun.objects.count() == 2


def test_without_the_table_everything_works(recording: Deployment) -> None:
    with_the_table = recording.run("backup_db").err
    recording.execute(f"DROP TABLE {TABLE}; SELECT 1")
    assert recording.run("backup_db").err == with_the_table
    assert recording.run("restore_db", "--no-input").err == ""
    with recording.in_process():
        assert [run.operation for run in history.runs()] == ["backup", "restore", "backup", "backup"]


def test_without_the_database_the_log_tells(recording: Deployment) -> None:
    recording.run("backup_db")
    elsewhere = {"NAME": str(recording.folder / "gone" / "nowhere")} if recording.server is None else {"PORT": "1"}
    settings = {**recording.databases, "default": {**recording.databases["default"], **elsewhere}}
    broken = replace(recording, databases=settings)
    assert broken.run("list_backups").out
    assert "was not written" not in broken.run("backup_db", code=1).err
    with broken.in_process():
        assert [(run.operation, run.result) for run in history.runs()] == [("backup", "failed"), ("backup", "done")]


def test_an_open_transaction_is_not_touched(recording: Deployment) -> None:
    with recording.in_process():
        with transaction.atomic():
            with pytest.raises(Exception, match="nowhere"), connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM nowhere")
            transaction.set_rollback(True)
            assert history.runs() == ()
            history.rebuild()
            with history.recorded("upload", "default"):
                pass
            assert [run.operation for run in history.runs()] == ["upload"]
        assert BackupRun.objects.count() == 0
        assert [run.operation for run in history.runs()] == ["upload"]
        assert BackupRun.objects.count() == 1


def test_a_transaction_that_ends_well_takes_its_runs_along(recording: Deployment) -> None:
    with recording.in_process():
        with transaction.atomic(), history.recorded("upload", "default"):
            pass
        assert [row.operation for row in BackupRun.objects.all()] == ["upload"]


def test_a_table_that_others_hold_makes_nobody_wait(postgresql: Deployment) -> None:
    recording = replace(postgresql, settings={"HISTORY": True})
    with recording.in_process():
        holder = connection.copy()
        try:
            with holder.cursor() as cursor:
                cursor.execute(f"BEGIN; LOCK TABLE {TABLE}")
            with history.recorded("upload", "default"):
                pass
            assert [run.operation for run in history.runs()] == ["upload"]
        finally:
            holder.close()
        assert [run.operation for run in history.runs()] == ["upload"]
        assert BackupRun.objects.count() == 1


def test_a_project_without_time_zones_has_a_history(sqlite: Deployment) -> None:
    recording = replace(sqlite, settings={"HISTORY": True, "DATABASES": ["default"]})
    from django.test import override_settings

    with recording.in_process(), override_settings(USE_TZ=False, TIME_ZONE="Europe/Zurich"):
        with history.recorded("upload", "default") as run:
            pass
        (found,) = history.runs()
        assert (found.started, found.finished) == (run.started, run.finished)


def test_switched_off_nothing_is_written_to_the_database(sqlite: Deployment) -> None:
    sqlite.run("backup_db")
    with closing(sqlite3.connect(sqlite.name())) as database:
        assert database.execute(f"SELECT count(*) FROM {TABLE}").fetchone() == (0,)
    with sqlite.in_process():
        assert {run.operation for run in history.runs()} == {"backup"}


def test_a_restored_database_equals_the_backup_but_for_what_happened_since(recording: Deployment) -> None:
    with recording.in_process():
        report = holdfast.backup("default")
        before = recording.state()
        recording.wreck()
        holdfast.restore(report.name, strategy="in-place")
        holdfast.validate(report.name)
        assert {table.rpartition(".")[2] for table in differences(before, recording.state())} <= {
            TABLE, "sequences", "sqlite_sequence",
        }  # fmt: skip


def test_a_run_that_was_killed_is_known_to_have_begun(recording: Deployment) -> None:
    with recording.in_process():
        record = {"id": "a" * 32, "operation": "restore", "alias": "default", "started": "2026-11-21T02:00:00.000Z"}
        audit.append(recording.backups, {"event": "started", **record})
        assert [(run.operation, run.result) for run in history.runs()] == [("restore", "started")]
        assert BackupRun.objects.get().result == "started"
        audit.append(recording.backups, {"event": "ended", "result": "done", "seconds": 1.5, **record})
        assert [(run.result, run.seconds) for run in history.runs()] == [("done", 1.5)]
        assert BackupRun.objects.count() == 1


def test_nothing_that_no_column_takes_keeps_later_runs_out(recording: Deployment) -> None:
    with recording.in_process():
        with history.recorded("drop-old", "default", backup="x" * 1000) as run:
            run.error = "nul \0 byte"
        with history.recorded("upload", "default"):
            pass
        assert BackupRun.objects.count() == 2


def test_no_secret_is_recorded(postgresql: Deployment) -> None:
    recording = replace(postgresql, settings={"HISTORY": True, "STATUS_TOKEN": "only-the-monitor-knows-it"})
    wrong = {**recording.databases["default"], "PASSWORD": "a-wrong-secret"}
    replace(recording, databases={**recording.databases, "default": wrong}).run("backup_db", code=None)
    recording.run("backup_db")
    log = (recording.backups / "audit.jsonl").read_text()
    rows = str(recording.execute(f"SELECT * FROM {TABLE}"))
    assert "backup_db" in log and "backup_db" in rows
    for secret in ("a-wrong-secret", recording.databases["default"]["PASSWORD"], "only-the-monitor-knows-it"):
        assert secret not in log and secret not in rows


def test_a_receiver_that_fails_is_logged_and_stops_nothing(
    recording: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**_about: object) -> None:
        message = "nobody listens"
        raise ValueError(message)

    signals.drill_started.connect(fail)
    try:
        with recording.in_process():
            report = holdfast.backup("default")
            assert holdfast.validate(report.name, depth="restore").ok
    finally:
        signals.drill_started.disconnect(fail)
    (logged,) = [record for record in caplog.records if record.name == "holdfast"]
    assert "drill_started" in logged.getMessage() and logged.exc_info is not None
    assert "nobody listens" in str(logged.exc_info[1])


def test_a_drill_tells_how_it_ended(recording: Deployment) -> None:
    heard: list[str] = []
    told = {name: getattr(signals, name) for name in ("drill_started", "drill_finished", "drill_failed")}
    receivers = {name: lambda _name=name, **_about: heard.append(_name) for name in told}
    for name, signal in told.items():
        signal.connect(receivers[name])
    try:
        with recording.in_process():
            report = holdfast.backup("default")
            holdfast.validate(report.name, depth="restore")
            assert report.path is not None
            content = bytearray(report.path.read_bytes())
            content[60] ^= 1
            report.path.write_bytes(content)
            holdfast.validate(str(report.path), depth="restore")
    finally:
        for name, signal in told.items():
            signal.disconnect(receivers[name])
    assert heard == ["drill_started", "drill_finished", "drill_started", "drill_failed"]


# Without an end of its patience it would wait for ever.
@pytest.mark.timeout(PATIENCE)
def test_a_writer_that_hangs_keeps_no_backup_waiting(
    sqlite: Deployment, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(waiting, "_PATIENCE_SECONDS", 0.1)
    with sqlite.in_process():
        holdfast.backup("default")
        with (sqlite.backups / audit.FILE_NAME).open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            report = holdfast.backup("second")
    assert report.path.exists()
    assert "not written to the audit log" in caplog.text
    assert sqlite.run("validate_backup", "--audit").code == 0


POISON = (
    {"event": "ended", "operation": "validation", "id": "1" * 32, "started": "2026-11-21T02:00:00Z", "result": "done"},
    {"event": "ended", "operation": "backup", "alias": "default", "id": "2" * 32, "started": "0000-01-01T00:00:00Z"},
    {"event": "ended", "operation": "backup", "alias": "default", "id": "3" * 32, "started": "0001-01-01T00:00:00+14:00"},
    {"event": "ended", "operation": "backup", "alias": "default", "id": "4" * 32, "started": None},
    {"event": "ended", "operation": "backup", "alias": ["x"], "id": "5" * 32, "started": "2026-11-21T02:00:00Z"},
    {
        "event": "ended", "operation": "backup", "alias": "default", "id": "6" * 32, "started": "2026-11-21T02:00:00Z",
        "rows": 1 << 64,
    },
    {
        "event": "ended", "operation": "backup", "alias": "default", "id": "7" * 32, "started": "2026-11-21T02:00:00Z",
        "seconds": "NaN",
    },
    {"event": "ended", "id": ["8"], "alias": "default"},
)  # fmt: skip


def test_a_record_that_nobody_understands_stops_nothing_else(recording: Deployment) -> None:
    """What an earlier version, a person or an attacker has written is that line's own trouble."""

    for record in POISON:
        audit.append(recording.backups, record)
    outcome = recording.run("backup_db")
    assert outcome.err.count("records of the audit log were left out") == 1
    assert "Traceback" not in recording.run("backup_status", code=None).text
    with recording.in_process():
        done = history.runs(operation="backup")
        assert [run.result for run in done] == ["done"]
        assert history.check_audit().ok


@pytest.mark.parametrize("name", ["somewhere.sql.gz", "default_daily_20261121T020000Z.sql.gz"])
def test_a_damaged_file_from_outside_poisons_no_history(recording: Deployment, tmp_path: Path, name: str) -> None:

    recording.run("backup_db")
    file = tmp_path / name
    file.write_bytes(recording.newest().read_bytes()[:1000])
    recording.run("validate_backup", str(file), code=3)
    assert "Traceback" not in recording.run("backup_status", code=None).text
    recording.run("backup_db")
    with recording.in_process():
        assert {run.operation for run in history.runs()} >= {"backup"}
