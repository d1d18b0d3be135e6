"""Weeks of a schedule with real backups and a clock that the test moves."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import override_settings

import holdfast
from holdfast import history, schedule
from holdfast.inventory import Backup
from holdfast.schedule.memory import NAME as MEMORY
from holdfast.schedule.run import run_due
from tests.deployment import Deployment
from tests.simulation import Clock, Watcher

EVERYTHING = {"last": 10_000}
START = "2026-11-02T12:00:00"

Scheduled = Callable[..., Deployment]


@pytest.fixture
def scheduled(tmp_path: Path) -> Iterator[Scheduled]:
    """Makes a small SQLite project with a schedule, and lets this process be it."""
    running: list[Any] = []

    def make(schedule: dict[str, Any], retention: dict[str, int] | None = None, **more: Any) -> Deployment:
        databases = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "small.sqlite3")}}
        settings = {"SCHEDULE": schedule, "RETENTION": retention or EVERYTHING, **more}
        deployment = Deployment(tmp_path, databases, settings=settings)
        context = deployment.in_process()
        context.__enter__()
        running.append(context)
        call_command("migrate", verbosity=0)
        write(deployment)
        return deployment

    with override_settings(TIME_ZONE="UTC"):
        yield make
    for context in running:
        context.__exit__(None, None, None)


def write(deployment: Deployment) -> None:
    with closing(sqlite3.connect(deployment.name())) as database:
        # Nothing here outlives the test.
        database.execute("PRAGMA synchronous = OFF")
        database.execute("CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT)")
        database.execute("INSERT INTO notes (text) VALUES (hex(randomblob(8)))")
        database.commit()


def moments(kind: str) -> list[datetime]:
    return sorted(datetime.fromisoformat(backup.created) for backup in holdfast.list_backups(kind=kind))


def created(backups: tuple[Backup, ...]) -> list[str]:
    return [backup.created for backup in backups]


def test_weeks_bring_exactly_the_backups_of_the_schedule(scheduled: Scheduled, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment = scheduled(
        {"daily": "0 2 * * *", "weekly": "0 3 * * 0", "sixhourly": {"EVERY": "6h"}, "drill": "30 4 * * 0"}
    )
    clock = Clock(START, lambda _moment: write(deployment))
    clock.install(monkeypatch)
    watcher = Watcher()
    clock.live(watcher, weeks=2)
    assert watcher.warnings == []
    begin = datetime.fromisoformat(START).replace(tzinfo=UTC)
    # The first ones are made at once: until then there is none.
    for kind, first, step, count in (
        ("daily", "2026-11-03T02:00:00", timedelta(days=1), 14),
        ("weekly", "2026-11-08T03:00:00", timedelta(weeks=1), 2),
        ("sixhourly", "2026-11-02T18:00:00", timedelta(hours=6), 55),
    ):
        at_once, *others = moments(kind)
        assert at_once - begin < timedelta(minutes=1)
        wanted = [datetime.fromisoformat(first).replace(tzinfo=UTC) + step * number for number in range(count)]
        assert len(others) == len(wanted)
        late = [made - due for made, due in zip(others, wanted, strict=True)]
        assert timedelta() <= min(late) and max(late) < timedelta(minutes=1)
    proven = [backup for backup in holdfast.list_backups() if backup.verified_how == "restored"]
    assert [backup.verified_ok for backup in proven] == [True] * 3
    assert deployment.litter() == [MEMORY]


def test_retention_holds_meanwhile(scheduled: Scheduled, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment = scheduled(
        {"hourly": {"EVERY": "4h"}, "daily": "0 2 * * *"},
        {"last": 4, "daily": 5, "weekly": 2, "monthly": 0, "recent": False},
    )
    clock = Clock(START, lambda _moment: write(deployment))
    clock.install(monkeypatch)
    watcher = Watcher()
    clock.live(watcher, days=12)
    assert watcher.warnings == []
    assert len(holdfast.list_backups()) <= 4 + 5 + 2
    assert all(decision.keep for decision in holdfast.plan_cleanup())
    kept = [datetime.fromisoformat(backup.created) for backup in holdfast.list_backups()]
    assert {moment.date() for moment in kept} >= {(clock.moment - timedelta(days=days)).date() for days in range(5)}


def test_no_kind_is_missing_on_the_first_day_whatever_is_made_by_hand(
    scheduled: Scheduled, monkeypatch: pytest.MonkeyPatch
) -> None:
    ages = {"daily": "26h", "weekly": "8d", "hourly": "2h"}
    deployment = scheduled(
        {"hourly": {"EVERY": "1h"}, "daily": "0 2 * * *", "weekly": "0 3 * * 0"},
        {"last": 0},
        MAX_AGE={"default": ages},
    )
    conditions, by_hand = [], set()
    # In its first hour the first run is not over.
    hours = [12]

    def hour(moment: datetime) -> None:
        if moment.hour in hours[-1:]:
            return
        hours.append(moment.hour)
        write(deployment)
        conditions.extend(one.condition for one in holdfast.status())
        if moment.hour in (13, 20):
            by_hand.add(holdfast.backup("default").name)

    clock, watcher = Clock(START, hour), Watcher()
    clock.install(monkeypatch)
    clock.live(watcher, hours=27)
    assert watcher.warnings == []
    assert "critical" not in conditions
    assert by_hand <= {backup.name for backup in holdfast.list_backups()}
    # At every hour of this day the state of that hour is there.
    assert len({moment.hour for moment in moments("hourly")}) == 24


def test_nothing_is_made_again_because_retention_removed_it(
    scheduled: Scheduled, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = scheduled({"hourly": {"EVERY": "1h"}, "daily": "0 2 * * *"}, {"last": 1, "daily": 1})
    clock = Clock(START, lambda _moment: write(deployment))
    clock.install(monkeypatch)
    watcher = Watcher()
    clock.live(watcher, days=2)
    made = Counter(line.split("_")[1] for line in watcher.lines if line.startswith("default: "))
    assert made == {"hourly": 48, "daily": 3}


def test_after_downtime_one_backup_makes_up_for_all(scheduled: Scheduled, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment = scheduled({"daily": "0 2 * * *", "hourly": {"EVERY": "1h"}})
    clock = Clock(START, lambda _moment: write(deployment))
    clock.install(monkeypatch)
    clock.live(Watcher(), days=1)
    before = created(holdfast.list_backups())
    clock.moment += timedelta(days=9)
    write(deployment)
    assert schedule.next_due("default") < clock.now()
    clock.live(Watcher(), minutes=10)
    new = [backup for backup in holdfast.list_backups() if backup.created not in before]
    assert sorted(backup.kind for backup in new) == ["daily", "hourly"]
    clock.live(Watcher(), minutes=10)
    assert len(holdfast.list_backups()) == len(before) + 2


def test_what_did_not_change_is_not_kept_twice(scheduled: Scheduled, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment = scheduled({"hourly": {"EVERY": "1h", "UNCHANGED": "5h"}})
    clock = Clock("2026-11-02T12:00:00")
    clock.install(monkeypatch)
    watcher = Watcher()
    clock.live(watcher, hours=3, minutes=30)
    (first,) = holdfast.list_backups()
    assert sum("unchanged" in line and first.name in line for line in watcher.lines) == 3
    # It stands for the moment at which it was found to be equal.
    assert schedule.last_good("default", "hourly") == datetime(2026, 11, 2, 15, tzinfo=UTC)
    with override_settings(HOLDFAST={**settings.HOLDFAST, "MAX_AGE": {"default": {"hourly": "1h"}}}):
        (status,) = holdfast.status()
        assert not status.too_old
        assert status.age_seconds == 1800
        assert [(run.result, run.backup == first.name) for run in history.runs(limit=1)] == [("unchanged", True)]
        assert status.next_due == "2026-11-02T16:00:00Z"
    write(deployment)
    clock.live(Watcher(), hours=1)
    assert len(holdfast.list_backups()) == 2
    # At five hours it is too old to stand for anything.
    clock.live(Watcher(), hours=6)
    assert [moment.hour for moment in moments("hourly")] == [12, 16, 21]


def test_an_unchanged_backup_that_is_gone_stands_for_nothing(
    scheduled: Scheduled, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduled({"hourly": {"EVERY": "1h"}})
    clock = Clock(START)
    clock.install(monkeypatch)
    clock.live(Watcher(), hours=2, minutes=30)
    (only,) = holdfast.list_backups()
    only.path.unlink()
    assert schedule.last_good("default", "hourly") is None
    tally = run_due(Watcher())
    assert len(tally.made) == 1


def test_a_backup_that_turns_out_bad_is_replaced_at_once(scheduled: Scheduled, monkeypatch: pytest.MonkeyPatch) -> None:
    scheduled({"daily": "0 2 * * *", "drill": "30 2 * * *"})
    clock = Clock(START)
    clock.install(monkeypatch)
    clock.live(Watcher(), hours=1)
    (first,) = holdfast.list_backups()
    content = bytearray(first.path.read_bytes())
    content[len(content) // 2] ^= 1
    first.path.write_bytes(content)
    clock.moment = datetime(2026, 11, 3, 1, tzinfo=UTC)
    monkeypatch.setattr("holdfast.schedule.settings.Schedule.backups", ())
    watcher = Watcher()
    clock.live(watcher, hours=2)
    assert any(first.name in warning and "does not restore" in warning for warning in watcher.warnings)
    monkeypatch.undo()
    clock.install(monkeypatch)
    tally = run_due(Watcher())
    assert [report.kind for report in tally.made] == ["daily"]


def test_quiet_hours_put_off_and_do_not_cancel(scheduled: Scheduled, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment = scheduled({"hourly": {"EVERY": "1h"}, "QUIET_HOURS": ["22:00-06:30", "12:00-13:00"]})
    clock = Clock("2026-11-02T13:00:00", lambda _moment: write(deployment))
    clock.install(monkeypatch)
    watcher = Watcher()
    clock.live(watcher, days=1)
    assert [f"{moment:%H:%M}" for moment in moments("hourly")] == [
        *(f"{hour}:00" for hour in range(13, 22)), "06:30", "07:00", "08:00", "09:00", "10:00", "11:00",
    ]  # fmt: skip
    assert watcher.lines.count("default hourly: waits: quiet hours until 06:30") == 1


def test_too_busy_a_host_is_waited_for_and_then_no_more(scheduled: Scheduled, monkeypatch: pytest.MonkeyPatch) -> None:
    # Any load is above this.
    scheduled({"hourly": {"EVERY": "4h", "BUSY": {"LOAD": -1, "WAIT": "90m", "RATE_LIMIT": 1_000_000}}})
    clock = Clock("2026-11-02T12:00:00")
    clock.install(monkeypatch)
    watcher = Watcher()
    clock.live(watcher, hours=1)
    assert holdfast.list_backups() == ()
    assert sum("the host is busy" in line for line in watcher.lines) == 1
    clock.live(watcher, hours=1)
    (only,) = moments("hourly")
    assert datetime(2026, 11, 2, 13, 30, tzinfo=UTC) <= only < datetime(2026, 11, 2, 13, 32, tzinfo=UTC)


def test_a_quiet_database_is_backed_up_less_often(scheduled: Scheduled, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment = scheduled({"often": {"EVERY": "15m", "CHANGES": 2, "AT_LATEST": "3h", "UNCHANGED": None}})
    busy_until = datetime(2026, 11, 2, 14, tzinfo=UTC)

    def world(moment: datetime) -> None:
        if moment < busy_until:
            write(deployment)

    clock = Clock("2026-11-02T12:00:00", world)
    clock.install(monkeypatch)
    clock.live(Watcher(), hours=8)
    made = moments("often")
    # A row is written every quarter of an hour, then none; three hours after the last backup it is time in any case.
    assert [f"{moment:%H:%M}" for moment in made] == ["12:00", "12:30", "13:00", "13:30", "16:30", "19:30"]


def test_clocks_that_were_wrong_do_not_stop_it(scheduled: Scheduled, monkeypatch: pytest.MonkeyPatch) -> None:
    scheduled({"daily": "0 2 * * *"})
    clock = Clock("2031-01-01T00:00:00")
    clock.install(monkeypatch)
    run_due(Watcher())
    clock.moment = datetime(2026, 11, 2, 12, tzinfo=UTC)
    assert len(run_due(Watcher()).made) == 1
    assert run_due(Watcher()).made == []


def test_times_are_those_of_the_project(scheduled: Scheduled, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment = scheduled({"daily": "30 2 * * *"})
    # Summer time ends on 25 October 2026 at 3:00 in Zurich, and 2:30 comes twice.
    clock = Clock("2026-10-23T12:00:00", lambda _moment: write(deployment))
    clock.install(monkeypatch)
    with override_settings(TIME_ZONE="Europe/Zurich"):
        clock.live(Watcher(), days=4)
        assert [f"{moment:%d %H:%M}" for moment in moments("daily")[1:]] == [
            "24 00:30", "25 00:30", "26 01:30", "27 01:30",
        ]  # fmt: skip


@pytest.fixture
def on_a_server(postgresql: Deployment) -> Iterator[Callable[[dict[str, Any]], Deployment]]:
    with ExitStack() as stack:

        def make(schedule: dict[str, Any]) -> Deployment:
            deployment = replace(
                postgresql, settings={"DATABASES": ["default"], "SCHEDULE": schedule, "RETENTION": EVERYTHING}
            )
            stack.enter_context(deployment.in_process())
            stack.enter_context(override_settings(TIME_ZONE="UTC"))
            return deployment

        yield make


def test_a_server_is_backed_up_as_often_as_it_is_written_to(
    on_a_server: Callable[[dict[str, Any]], Deployment], monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = on_a_server(
        {
            "often": {"EVERY": "1h", "CHANGES": 500, "AT_LATEST": "6h", "UNCHANGED": None},
            "daily": "0 2 * * *",
        }
    )
    clock = Clock("2026-11-02T12:00:00")
    clock.install(monkeypatch)
    clock.live(Watcher(), minutes=30)
    # A session tells its counts at its end, which nobody waits for, unless it is asked to.
    deployment.execute(
        "CREATE TABLE notes AS SELECT n FROM generate_series(1, 600) n; SELECT pg_stat_force_next_flush()"
    )
    clock.live(Watcher(), hours=8)
    assert [moment.hour for moment in moments("often")] == [12, 13, 19]
    clock.live(Watcher(), hours=6)
    assert [moment.hour for moment in moments("daily")] == [12, 2]


def test_a_busy_server_is_waited_for(
    on_a_server: Callable[[dict[str, Any]], Deployment], monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = on_a_server(
        {"hourly": {"EVERY": "1h", "BUSY": {"TRANSACTION": "1s", "WAIT": "30m", "RATE_LIMIT": 1_000_000_000}}}
    )
    assert deployment.server is not None
    clock = Clock("2026-11-02T12:00:00")
    clock.install(monkeypatch)
    watcher = Watcher()
    connection = connections["default"].copy()
    try:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT pg_sleep(1.1)")
            clock.live(watcher, minutes=20)
            assert holdfast.list_backups() == ()
            (line,) = watcher.lines
            assert "a transaction has been open for" in line
            clock.live(watcher, minutes=20)
            (made,) = moments("hourly")
            assert (made.hour, made.minute) == (12, 30)
            assert any("begins slowly" in line for line in watcher.lines)
    finally:
        connection.close()
