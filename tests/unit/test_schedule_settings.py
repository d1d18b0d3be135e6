"""What `HOLDFAST["SCHEDULE"]` may say, what it means, and what is refused by name."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import override_settings

from holdfast import checks, conf
from holdfast.exceptions import UsageError
from holdfast.schedule.outlook import jitter
from holdfast.schedule.times import Cron, Every, Hours


def entries(schedule: dict[str, Any]) -> dict[str, Any]:
    with override_settings(HOLDFAST={"SCHEDULE": schedule}):
        return {entry.kind: entry for entry in conf.load().schedule.entries}


def test_options_beside_the_kinds_hold_for_all_but_those_that_say_otherwise() -> None:
    found = entries(
        {
            "hourly": {"EVERY": "1h", "JITTER": "1m", "UNCHANGED": None},
            "daily": "0 2 * * *",
            "JITTER": "10m",
            "DATABASES": ["default"],
        }
    )
    assert found["hourly"].times == Every(timedelta(hours=1))
    assert found["daily"].times == Cron("0 2 * * *")
    assert [found[kind].jitter for kind in ("hourly", "daily")] == [timedelta(minutes=1), timedelta(minutes=10)]
    assert found["hourly"].unchanged is None and found["daily"].unchanged == timedelta(hours=12)
    assert found["daily"].databases == ("default",)


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ("daily", "E003"),
        ({"daily": 5}, "E003"),
        ({"daily": "0 25 * * *"}, "Bad hour"),
        ({"daily": "0 2 30 2 *"}, "Bad day-of-month"),
        ({"daily": "0 0 2 * * *"}, "five fields"),
        ({"daily": {}}, "must say when"),
        ({"daily": {"CRON": "0 2 * * *", "EVERY": "1h"}}, "must say when"),
        ({"daily": {"EVERY": "5s"}}, "E004"),
        ({"daily": {"EVRY": "1h"}}, "EVERY"),
        ({"Daily": "0 2 * * *"}, "E004"),
        ({"manual": "0 2 * * *"}, "E004"),
        ({"pre-migrate": "0 2 * * *"}, "E004"),
        ({"JITER": "1m"}, "JITTER"),
        ({"JITTER": "soon"}, "E004"),
        ({"QUIET_HOURS": "8-18-20"}, "E004"),
        ({"QUIET_HOURS": "08:00-08:00"}, "E004"),
        ({"DATABASES": []}, "E003"),
        ({"BUSY": {"WAIT": "1h"}}, "nothing about what is busy"),
        ({"BUSY": {"LAOD": 1}}, "LOAD"),
        ({"BUSY": {"LOAD": "high"}}, "E003"),
        ({"CHANGES": 0}, "E004"),
        ({"daily": {"EVERY": "1h", "DATABASES": ["nowhere"]}}, "E008"),
    ],
)
def test_nonsense_is_refused_by_name(schedule: Any, said: str) -> None:
    with override_settings(HOLDFAST={"SCHEDULE": schedule}):
        (found,) = checks.check_settings()
        assert said in f"{found.id} {found.msg} {found.hint}"
        if said != "E008":
            with pytest.raises(UsageError):
                conf.load()


@pytest.mark.parametrize(("value", "said"), [("a.b", "E003"), (["nodots"], "E004"), (["no.such.thing"], "cannot be")])
def test_checks_of_drills_are_names_of_functions(value: Any, said: str) -> None:
    with override_settings(HOLDFAST={"DRILL_CHECKS": value}):
        (found,) = checks.check_settings()
        assert said in f"{found.id} {found.msg}"


def test_jitter_is_the_same_each_time_and_within_its_bounds() -> None:
    found = entries({f"kind-{number}": {"EVERY": "1h", "JITTER": "10m"} for number in range(50)})
    delays = [jitter(entry) for entry in found.values()]
    assert delays == [jitter(entry) for entry in found.values()]
    assert all(timedelta() <= delay < timedelta(minutes=10) for delay in delays)
    assert len(set(delays)) > 25


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Zurich", "America/New_York", "Asia/Kathmandu"])
def test_previous_and_following_hold_every_minute_of_a_change_of_clocks(zone: str) -> None:
    with override_settings(TIME_ZONE=zone):
        for times in (Cron("30 2 * * *"), Cron("0 */2 * * *"), Cron("15 3 * * 0"), Every(timedelta(minutes=45))):
            for day in ("2026-03-28T20:00:00", "2026-10-24T20:00:00", "2026-03-08T02:00:00", "2026-11-01T02:00:00"):
                for minutes in range(0, 12 * 60, 7):
                    now = moment(day) + timedelta(minutes=minutes)
                    before, after = times.previous(now), times.following(now)
                    assert before <= now < after
                    assert times.following(before) >= before


@pytest.mark.parametrize(
    ("hours", "now", "end"),
    [
        ("08:00-18:00", "2026-11-02T07:59:59", None),
        ("08:00-18:00", "2026-11-02T08:00:00", "2026-11-02T18:00:00"),
        ("08:00-18:00", "2026-11-02T18:00:00", None),
        ("22:00-06:30", "2026-11-02T23:00:00", "2026-11-03T06:30:00"),
        ("22:00-06:30", "2026-11-03T06:00:00", "2026-11-03T06:30:00"),
        ("22:00-06:30", "2026-11-03T12:00:00", None),
    ],
)
def test_quiet_hours_may_go_over_midnight(hours: str, now: str, end: str | None) -> None:
    with override_settings(TIME_ZONE="UTC"):
        assert Hours.parse(hours).end_after(moment(now)) == (moment(end) if end else None)
