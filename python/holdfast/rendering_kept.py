"""Turns what is known of databases that were put aside into text for a terminal; pure functions."""

from collections.abc import Sequence
from datetime import datetime

from holdfast.rendering import WAYS_BACK, age, kept_database
from holdfast.reports import KeptDatabase, UndoReport
from holdfast.showing import for_people


@for_people
def drop_plan(kept: Sequence[KeptDatabase], now: datetime) -> str:
    """Tell what would be dropped, and what would not and why."""
    goes = [line for one in kept if not one.obstacles for line in (_line(one, now), *_losses(one))]
    stays = [line for one in kept if one.obstacles for line in (_line(one, now), *_reasons(one))]
    parts = (("Drop for good:", goes), ("Kept as it is:", stays))
    return "\n".join("\n".join([title, *lines]) for title, lines in parts if lines) or "No database was put aside."


def _line(one: KeptDatabase, now: datetime) -> str:
    return f"   {kept_database(one)}, put aside {one.since} ({age(one.since, now)})"


def _losses(one: KeptDatabase) -> list[str]:
    return [f"      with its replication slot {slot}: whoever reads from it must begin anew" for slot in one.slots]


def _reasons(one: KeptDatabase) -> list[str]:
    return [f"      {text}" for obstacle in one.obstacles for text in (obstacle.message, obstacle.hint) if text]


@for_people
def undo_plan(report: UndoReport, now: datetime) -> str:
    """Tell what an undo would do."""
    return (
        f"Swap database {report.database!r} (alias {report.alias!r}) with\n{_line(report.restored, now)}\n"
        "What is live now is kept in its place; sessions in both are ended."
    )


@for_people
def undo_line(report: UndoReport) -> str:
    """Sum up an undo that was done."""
    done = f"The database {report.restored.name} is {report.database!r} again."
    return (
        done if report.kept is None else f"{done}\nWhat was live is kept as {kept_database(report.kept)}; {WAYS_BACK}."
    )
