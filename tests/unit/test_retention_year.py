"""A year of the schedule that the documentation shows, cleaned up every hour, with an accident at every hour of it."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from holdfast import clock, conf
from holdfast.operations.judgement import judge

HOUR = timedelta(hours=1)
START = datetime(2025, 12, 1, tzinfo=UTC)
HOURS = 365 * 24
# An accident that is noticed so late finds a state that is at most so much older than the accident.
TABLE = (
    (timedelta(hours=5), timedelta(hours=1), "5 hours | 1 hour"),
    (timedelta(hours=22), timedelta(hours=1), "22 hours | 1 hour"),
    (timedelta(hours=43), timedelta(hours=4), "43 hours | 4 hours"),
    (timedelta(days=28), timedelta(days=1), "4 weeks | 1 day"),
    (timedelta(weeks=10), timedelta(days=7), "10 weeks | 1 week"),
    (timedelta(days=320), timedelta(days=31), "10 months | 1 month"),
)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "howto" / "cron-and-retention.md"


def made(kind: str, at: datetime, *lacks: str) -> dict[str, Any]:
    name = f"default_{kind}_{at:%Y%m%dT%H%M%SZ}.sql.gz"
    about = {"alias": "default", "kind": kind, "created": clock.utc_text(at), "pinned": None, "good": True}
    return {"name": name, **about, "lacks": lacks}


def new(now: datetime, dice: random.Random) -> list[dict[str, Any]]:
    """What an hour brings: what is scheduled, and now and then what people do."""
    backups = [made("hourly", now)]
    if now.hour == 3:
        backups.append(made("daily", now - HOUR / 2))
    if dice.random() < 0.02:
        backups.append(made("manual", now - HOUR / 3))
        # Somebody restores the wrong one, and then another one.
        backups += [made("pre-restore", now - HOUR / 4), made("pre-restore", now - HOUR / 5)]
    if dice.random() < 0.01:
        backups.append(made("manual", now - HOUR / 6, "all rows"))
    return backups


def test_a_year_of_hours_with_accidents(monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(1)
    kept: list[dict[str, Any]] = []
    by_hand: list[datetime] = []
    with override_settings(HOLDFAST={"SCHEDULE": {"hourly": "0 * * * *", "daily": "30 2 * * *"}}):
        configuration = conf.load()
    for now in (START + hour * HOUR for hour in range(HOURS)):
        monkeypatch.setattr(clock, "now", lambda now=now: now)
        kept += new(now, dice)
        decisions = judge(configuration, kept, configuration.retention)
        stays = {decision.name for decision in decisions if decision.keep}
        by_hand += [
            datetime.fromisoformat(one["created"]) for one in kept if one["kind"] == "manual" and not one["lacks"]
        ]
        by_hand = [moment for moment in dict.fromkeys(by_hand) if now - moment <= timedelta(days=7)]
        kept = [backup for backup in kept if backup["name"] in stays]

        whole = {datetime.fromisoformat(backup["created"]): backup["kind"] for backup in kept if not backup["lacks"]}
        for noticed, at_most, _ in TABLE:
            accident = now - noticed
            if accident > START + timedelta(days=31):
                age = accident - max(moment for moment in whole if moment <= accident)
                assert age <= at_most, (now, noticed)
        # What was made by hand for the accident is there for a week, and a daily backup is never missing.
        assert set(by_hand) <= set(whole), now
        daily = [moment for moment, kind in whole.items() if kind == "daily"]
        assert now < START + timedelta(days=1) or now - max(daily) <= timedelta(hours=25), now
    assert len(kept) < 200


def test_the_page_shows_this_table() -> None:
    text = PAGE.read_text()
    assert all(f"| {row} |" in text for _, _, row in TABLE)
