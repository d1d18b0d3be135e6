"""What the schedule makes of the folder in two days, with what retention removes meanwhile."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from holdfast import conf
from holdfast.clock import utc_text
from holdfast.inventory import Backup
from holdfast.operations.forecast import growth

NOW = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)


def backup(hours: float, kind: str = "hourly", size: int = 100) -> Backup:
    created = utc_text(NOW - timedelta(hours=hours))
    return Backup(
        name=f"default_{kind}_{created}.sqlite3.gz", path=None, stored_size=size, problem=None, alias="default", kind=kind,
        created=created, stands_for_database=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("schedule", "retention", "found", "wanted"),
    [
        # Nothing is known to come.
        ({}, {}, [backup(1)], 0),
        # The first of a new schedule: one a day, kept.
        ({"daily": "0 2 * * *"}, {}, [backup(1, "manual")], 200),
        # One for each of 24 hours, and before that every four hours: six more by the end of the second day.
        ({"hourly": "0 * * * *"}, {"daily": 7}, [backup(0.5)], 3_000),
        # It has been so for days: what comes pushes as much out.
        ({"hourly": "0 * * * *"}, {"daily": 7}, [backup(hour + 0.5) for hour in range(24)], 1_000),
        # Whoever keeps the last three alone needs room for the one that is being made.
        ({"hourly": "0 * * * *"}, {"last": 3, "daily": 0, "weekly": 0, "monthly": 0, "recent": False}, [backup(n + 0.5) for n in range(3)], 200),
    ],
)  # fmt: skip
def test_the_folder_grows_by(
    tmp_path: Path, schedule: dict[str, Any], retention: dict[str, Any], found: list[Backup], wanted: int
) -> None:
    given = {"DIRECTORY": tmp_path, "SCHEDULE": schedule, "RETENTION": retention}
    with override_settings(HOLDFAST=given):
        assert growth(conf.load(), found, NOW) == pytest.approx(wanted, abs=200)
