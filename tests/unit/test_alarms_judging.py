"""What is an alarm is decided from what is listed, the settings and the time, and from nothing else."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from holdfast.alarms import judging, judging_copies, judging_drills
from holdfast.alarms.alarm import Alarm
from holdfast.alarms.settings import Thresholds
from holdfast.clock import utc_text
from holdfast.exceptions import DatabaseError, Interrupted
from holdfast.inventory import Backup
from holdfast.reports import Missing, Report
from holdfast.targets import Target, Targets

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
USUAL = Thresholds()
DAY, WEEK = timedelta(days=1, hours=2), timedelta(days=8)


def backup(days: float, **changes: Any) -> Backup:
    """A backup of so many days ago."""
    created = utc_text(NOW - timedelta(days=days))
    name = f"{changes.get('alias', 'default')}_daily_{days}.sql.gz"
    made = Backup(
        name, Path(name), 1_000, None, "default", "daily", created,
        id=name, engine="postgresql", rows=100, raw_size=10_000, content="full", tables={"t": 100},
    )  # fmt: skip
    made = replace(made, **changes)
    is_whole = made.content == "full" and None not in (made.tables or {}).values()
    is_good = made.problem is None and made.verified_ok is not False and is_whole
    return replace(made, stands_for_database=is_good)


def report(**changes: Any) -> Report:
    made = Report(
        "default", "daily", "default_daily.sql.gz", None, "local", "id", utc_text(NOW), "postgresql",
        tables=1, rows=100, raw_size=10_000, stored_size=1_000, seconds=1.0, skipped=(), notices=(),
    )  # fmt: skip
    return replace(made, **changes)


def series(*rows: int) -> list[Backup]:
    """Backups with so many rows, the newest first."""
    return [backup(day, rows=count, raw_size=count * 100) for day, count in enumerate(rows)]


def found(backups: Sequence[Backup]) -> list[tuple[str, str]]:
    return [(alarm.event, alarm.key) for alarm in judging.changes(backups, USUAL, NOW)]


KEY = "changed:default:daily"


@pytest.mark.parametrize(
    ("rows", "event"),
    [
        ((100, 100, 100, 100), "recovered"),
        ((150, 100, 100, 100), "recovered"),
        ((151, 100, 100, 100), "changed"),
        ((49, 100, 100, 100), "changed"),
        ((0, 100, 100, 100), "changed"),
        # One strange backup among the recent ones moves no median.
        ((100, 100, 9_000, 100, 100), "recovered"),
        # A large database of long ago is not recent.
        ((100, 100, 100, 100, 100, 100, 100, 100, 900, 900, 900, 900, 900, 900, 900, 900), "recovered"),
        ((0, 0, 0, 0), "recovered"),
        ((1, 0, 0, 0), "changed"),
    ],
)
def test_the_newest_is_compared_with_the_median(rows: tuple[int, ...], event: str) -> None:
    assert found(series(*rows)) == [(event, KEY)]


@pytest.mark.parametrize(("size", "event"), [(8_000, "recovered"), (7_999, "changed"), (15_000, "recovered")])
def test_content_that_falls_below_its_usual_size_is_told(size: int, event: str) -> None:
    newest, *older = series(100, 100, 100, 100)
    alarms = [*judging.changes([replace(newest, raw_size=size), *older], USUAL, NOW)]
    assert [alarm.event for alarm in alarms] == [event]
    assert ("smaller than" in alarms[0].title) == (event == "changed")
    # Another database under the same alias is no fall, and the stored size is the codec's.
    assert [*judging.changes([replace(newest, raw_size=size, database="other"), *older], USUAL, NOW)] == []
    stored = [replace(newest, stored_size=1), *older]
    assert found(stored) == [("recovered", KEY)]


def test_with_too_few_nothing_is_compared() -> None:
    assert found(series(0, 100, 100)) == []


def test_what_cannot_be_compared_is_left_out() -> None:
    usual = series(100, 100, 100, 100)
    others = [
        backup(0.1, rows=0, problem="cut off"),
        backup(0.2, rows=0, content="schema-only"),
        backup(0.3, rows=0, kind="pre-restore"),
        backup(0.4, rows=0, verified_ok=False),
        backup(0.5, rows=0, alias="other"),
        backup(0.6, rows=0, kind="weekly"),
    ]
    assert found([*others, *usual]) == [("recovered", KEY)]
    assert found([backup(0.1, rows=10, tables={"t": None, "u": 10}), *usual]) == [("recovered", KEY)]


def test_one_strange_backup_is_of_its_own_time() -> None:
    [alarm] = judging.changes(series(0, 100, 100, 100), USUAL, NOW + timedelta(days=2))
    assert alarm.at == utc_text(NOW)
    assert alarm.facts["rows_off_percent"] == 100 and alarm.facts["usual_rows"] == 100


def ages(backups: Sequence[Backup], *targets: Target) -> list[tuple[str, str]]:
    alarms = judging_copies.ages(backups, Targets({"default": targets}), NOW)
    return [(alarm.event, alarm.title) for alarm in alarms]


def test_ages_are_compared_with_their_targets() -> None:
    backups = [backup(1), backup(9, kind="weekly")]
    assert ages(backups, Target("daily", DAY), Target("weekly", WEEK), Target(None, DAY)) == [
        ("recovered", "The newest daily backup of default is young enough again"),
        ("too_old", "The newest weekly backup of default is too old"),
        ("recovered", "The newest backup of default is young enough again"),
    ]
    assert ages([], Target(None, DAY)) == [("too_old", "There is no good backup of default")]
    assert ages([backup(0.1, verified_ok=False), backup(2)], Target(None, DAY))[0][0] == "too_old"


def test_a_failure_says_what_there_is_instead() -> None:
    error = DatabaseError("no server", "Start it.")
    alarm = judging.failed("default", "daily", error, [backup(0.5, problem="cut off"), backup(1)], NOW)
    assert "no server\nStart it." in alarm.text
    assert alarm.facts == {"last_good": "default_daily_1.sql.gz", "last_good_age": "1 day"}
    assert "There is no good backup of it at all." in judging.failed("default", "daily", error, [], NOW).text


def test_errors_of_others_are_only_named() -> None:
    assert "pa55" not in judging.said(ValueError("pa55"))
    assert judging.said(KeyboardInterrupt()) == judging.said(Interrupted("stopped")) == "it was interrupted."


def room(free: int, total: int, *backups: Backup, growth: int = 0) -> Alarm:
    return judging.room(judging.Disk(free, total, growth), backups, USUAL, NOW)


def test_room_is_needed_as_a_share_and_for_the_next_backups() -> None:
    assert room(100, 1_000).event == "recovered"
    assert room(99, 1_000).event == "disk_nearly_full"
    assert room(1_000, 1_000, backup(0)).event == "recovered"
    assert room(1_999, 2_000, backup(0), backup(1), backup(0, alias="other")).event == "disk_nearly_full"
    # What retention will not remove in the next days is to have room, too.
    assert room(2_000, 2_000, backup(0), growth=2_000).event == "recovered"
    alarm = room(2_000, 2_000, backup(0), growth=2_001)
    assert alarm.event == "disk_nearly_full" and "those of the next two days 2.0 kB" in alarm.text
    # SQLite is copied first.
    assert room(10_000, 10_000, backup(0, engine="sqlite")).event == "disk_nearly_full"


def test_the_latest_proof_counts() -> None:
    good = backup(2, verified_at=utc_text(NOW), verified_ok=True, verified_how="read")
    bad = backup(1, verified_at=utc_text(NOW - timedelta(hours=1)), verified_ok=False, verified_how="restored")
    assert [alarm.event for alarm in judging_drills.proofs([bad, good, backup(0)], NOW)] == ["recovered"]
    [alarm] = judging_drills.proofs([bad, backup(3, verified_at="2026-11-01T00:00:00Z", verified_ok=True)], NOW)
    assert (alarm.event, alarm.at) == ("drill_failed", bad.verified_at)


def test_targets_are_met_by_the_backup_that_was_just_made() -> None:
    targets = Targets({"default": (Target("daily", DAY), Target("weekly", WEEK), Target(None, DAY))})
    found = [alarm.key for alarm in judging_copies.fresh(report(), targets, NOW)]
    assert found == ["too_old:default:daily", "too_old:default:any"]


def test_a_store_that_was_missed_is_told() -> None:
    missed = report(missing=(Missing("offsite", "no answer", None),))
    [alarm] = judging_copies.not_uploaded(missed, NOW)
    assert (alarm.event, alarm.key) == ("upload_missing", "upload_missing:default:offsite")
    assert "default_daily.sql.gz is not in offsite: no answer" in alarm.text


def uploads(there: list[Backup], here: list[Backup]) -> list[str]:
    targets = Targets({"default": (Target(None, DAY),)})
    return [alarm.event for alarm in judging_copies.uploads("offsite", there, here, targets, NOW)]


def test_a_store_must_have_the_newest_or_one_that_is_young_enough() -> None:
    assert uploads([backup(0), backup(3)], [backup(0)]) == ["recovered"]
    # Not there yet, but what is there will do: no alarm, and none that was raised is over.
    assert uploads([backup(0.5)], [backup(0), backup(0.5)]) == []
    assert uploads([backup(3)], [backup(0)]) == ["upload_missing"]
    assert uploads([], [backup(0)]) == ["upload_missing"]
    assert uploads([backup(0, verified_ok=False)], [backup(0)]) == ["upload_missing"]
    assert uploads([], []) == []
