"""What the app costs a process that makes no backup: `django.setup()` with and without it."""

from pathlib import Path

import sqlite_database
from news_site import Site
from results import Goal, Row
from timing import Contender, alternate

GOAL_SECONDS = 0.030
RUNS_PER_ROUND = 10


def rows(work: Path, rounds: int, _scale: float) -> list[Row]:
    """Measure fresh processes, one with and one without in turns."""
    site = Site(sqlite_database.database(work / "none.sqlite3"), work / "backups")
    contenders = [Contender(site.setup_sample), Contender(lambda: site.setup_sample(NEWS_WITHOUT_HOLDFAST="yes"))]
    having, lacking = alternate(contenders, RUNS_PER_ROUND * rounds)
    return [
        _row("django.setup()", having.wall_seconds, lacking.wall_seconds, GOAL_SECONDS),
        _row("  processor", having.processor_seconds, lacking.processor_seconds, None),
    ]


def _row(what: str, having: float, lacking: float, limit: float | None) -> Row:
    cost = having - lacking
    goal = Goal(f"≤ {limit * 1000:.0f} ms more", cost <= limit) if limit is not None else None
    theirs = f"without: {lacking * 1000:.0f} ms, {cost * 1000:+.1f} ms"
    return Row(what, f"{having * 1000:.0f} ms", theirs, having / lacking, goal)
