"""Turns what is known of databases that were put aside into text for a terminal; pure functions."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from holdfast.rendering import WAYS_BACK, age, kept_database
from holdfast.reports import KeptDatabase, UndoReport


def kept_databases(kept: Iterable[KeptDatabase], now: datetime) -> str:
    """Give one line for each database that was put aside."""
    return "\n".join(f"   {kept_database(one)}, put aside {one.since} ({age(one.since, now)})" for one in kept)


def drop_plan(kept: Sequence[KeptDatabase], now: datetime) -> str:
    """Tell what would be dropped."""
    return f"Drop for good:\n{kept_databases(kept, now)}" if kept else "No database was put aside."


def undo_plan(report: UndoReport, now: datetime) -> str:
    """Tell what an undo would do."""
    return (
        f"Swap database {report.database!r} (alias {report.alias!r}) with\n{kept_databases([report.restored], now)}\n"
        "What is live now is kept in its place; sessions in both are ended."
    )


def undo_line(report: UndoReport) -> str:
    """Sum up an undo that was done."""
    done = f"The database {report.restored.name} is {report.database!r} again."
    return (
        done if report.kept is None else f"{done}\nWhat was live is kept as {kept_database(report.kept)}; {WAYS_BACK}."
    )
