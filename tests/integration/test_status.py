"""What is too old, failed or unproven is said; a fresh backup makes it good again."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command

import holdfast
from holdfast import clock, history
from holdfast.exceptions import StoreError
from holdfast.history import audit
from holdfast.history.run import now
from tests.deployment import Deployment

TARGET = {"DATABASES": ["default"], "HISTORY": True, "MAX_AGE": {"default": "1h"}}


@pytest.fixture
def watched(deployment: Deployment) -> Deployment:
    return replace(deployment, settings=TARGET)


def later(monkeypatch: pytest.MonkeyPatch, **length: float) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + timedelta(**length))


def nagios() -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("backup_status", "--nagios", stdout=out)
    except SystemExit as end:
        assert isinstance(end.code, int)
        return end.code, out.getvalue()
    return 0, out.getvalue()


def test_a_backup_older_than_its_target_is_said_and_a_fresh_one_clears_it(
    watched: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with watched.in_process():
        holdfast.backup()
        assert nagios()[0] == 0
        later(monkeypatch, hours=2)
        code, line = nagios()
        assert code == 2
        assert line.startswith("HOLDFAST CRITICAL - default: the newest good backup is 2 hours old, and may be 1 hour")
        assert "'default_age'=72" in line
        (state,) = holdfast.status()
        assert (state.condition, state.too_old, state.targets[0].too_old) == ("critical", True, True)
        monkeypatch.undo()
        holdfast.backup()
        assert nagios()[0] == 0


def test_no_backup_at_all_is_critical_without_any_target(sqlite: Deployment) -> None:
    assert sqlite.run("backup_status", "--nagios", code=2).out.startswith(
        "HOLDFAST CRITICAL - default: there is no good"
    )
    assert "default: CRITICAL" in sqlite.run("backup_status").out


def test_safety_backups_empty_ones_and_bad_ones_do_not_count(watched: Deployment) -> None:
    with watched.in_process():
        good = holdfast.backup()
        holdfast.restore(good.name, strategy="in-place")
        holdfast.backup(content="schema-only")
        assert holdfast.status()[0].backup == good.name

        bad = holdfast.backup(kind="daily")
        assert holdfast.status()[0].backup == bad.name
        bad.path.write_bytes(bad.path.read_bytes()[:-300])
        holdfast.validate(str(bad.path))
        (state,) = holdfast.status()
        assert (state.backup, state.condition) == (good.name, "warning")
        assert bad.name in state.reasons[0]


def test_targets_by_kind(deployment: Deployment) -> None:
    kinds = {"default": {"daily": "26h", "weekly": "8d"}}
    with replace(deployment, settings={"DATABASES": ["default"], "MAX_AGE": kinds}).in_process():
        holdfast.backup(kind="daily")
        (state,) = holdfast.status()
        assert [target.too_old for target in state.targets] == [False, True]
        assert state.reasons == ("there is no good weekly backup",)
        holdfast.backup(kind="weekly")
        assert holdfast.status()[0].condition == "ok"


def fail(_event: object) -> None:
    message = "the disk is full"
    raise StoreError(message)


def test_a_failure_since_the_last_good_backup_is_said_until_the_next(watched: Deployment) -> None:
    with watched.in_process():
        holdfast.backup()
        for _ in range(2):
            with pytest.raises(StoreError):
                holdfast.backup(on_event=fail)
        (state,) = holdfast.status()
        assert (state.condition, state.failures) == ("warning", 2)
        assert state.last_failure is not None and state.last_failure.error == "the disk is full"
        assert nagios()[0] == 1
        holdfast.backup()
        assert (holdfast.status()[0].failures, holdfast.status()[0].condition) == (0, "ok")


def test_a_killed_backup_has_failed_once_another_one_has_begun(watched: Deployment) -> None:
    with watched.in_process():
        holdfast.backup()
        host = history.runs()[0].host
        record = {"id": "a" * 32, "operation": "backup", "alias": "default", "started": now(), "host": host}
        audit.append(watched.backups, {"event": "started", **record})
        # It may be running still.
        assert holdfast.status()[0].failures == 0
        with pytest.raises(StoreError):
            holdfast.backup(on_event=fail)
        assert holdfast.status()[0].failures == 2


def test_the_last_proof_says_how_long_a_restore_takes(watched: Deployment) -> None:
    with watched.in_process():
        report = holdfast.backup()
        assert holdfast.status()[0].proven is None
        holdfast.validate(report.name)
        assert holdfast.status()[0].proven is None
        holdfast.validate(report.name, depth="restore")
        proven = holdfast.status()[0].proven
        assert proven is not None
        assert (proven.backup, proven.how) == (report.name, "drill")
        assert proven.seconds is not None and proven.seconds > 0

        holdfast.restore(report.name, strategy="in-place")
        proven = holdfast.status()[0].proven
        assert proven is not None and proven.how == "restore"
        holdfast.restore(report.name, strategy="in-place", tables=["auth_group"])
        again = holdfast.status()[0].proven
        assert again is not None and again.at == proven.at


def test_the_status_as_json_and_for_people(watched: Deployment) -> None:
    watched.run("backup_db")
    (state,) = json.loads(watched.run("backup_status", "--format", "json").out)
    assert state["condition"] == "ok" and state["locations"] == ["local"] and state["free_bytes"] > 0
    assert state["targets"][0]["max_age_seconds"] == 3600
    text = watched.run("backup_status").out
    assert "default: OK" in text and "at most 1 hour: good" in text and "never" in text


def test_a_status_that_cannot_be_had_is_unknown_to_nagios(sqlite: Deployment) -> None:
    wrong = replace(sqlite, settings={"MAX_AGE": {"default": "soon"}})
    assert "UNKNOWN" in wrong.run("backup_status", "--nagios", code=3).out
