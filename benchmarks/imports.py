"""What the app costs a process that makes no backup: `django.setup()` with and without it."""

from pathlib import Path
from statistics import median

import sqlite_database
from news_site import Site
from results import Goal, Row

GOAL_SECONDS = 0.030
RUNS_PER_ROUND = 10


def rows(work: Path, rounds: int, _scale: float) -> list[Row]:
    """Measure fresh processes, one with and one without in turns."""
    site = Site(sqlite_database.database(work / "none.sqlite3"), work / "backups")
    pairs = [
        (site.setup_seconds(), site.setup_seconds(NEWS_WITHOUT_HOLDFAST="yes")) for _ in range(RUNS_PER_ROUND * rounds)
    ]
    having, lacking = (median(seconds) for seconds in zip(*pairs, strict=True))
    cost = having - lacking
    goal = Goal(f"≤ {GOAL_SECONDS * 1000:.0f} ms more", cost <= GOAL_SECONDS)
    theirs = f"without: {lacking * 1000:.0f} ms, {cost * 1000:+.1f} ms"
    return [Row("django.setup()", f"{having * 1000:.0f} ms", theirs, having / lacking, goal)]
