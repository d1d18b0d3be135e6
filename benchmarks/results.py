"""The table: what was measured, against what, and whether that reaches the goal."""

from collections.abc import Sequence
from dataclasses import dataclass

from timing import Sample

MEBIBYTE = 1 << 20
PEAK_LIMIT = 128 * MEBIBYTE
HEADINGS = ("what", "Holdfast", "compared with", "ratio", "goal", "")


@dataclass(frozen=True)
class Goal:
    """What is promised; `text` says it, `reached` tells whether it is so."""

    text: str
    reached: bool


@dataclass(frozen=True)
class Row:
    """One line; without a goal it is for information."""

    what: str
    ours: str
    theirs: str
    ratio: float | None = None
    goal: Goal | None = None

    def cells(self) -> tuple[str, ...]:
        """The texts under `HEADINGS`."""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        if self.goal is None:
            return (self.what, self.ours, self.theirs, ratio, "", "")
        return (self.what, self.ours, self.theirs, ratio, self.goal.text, "PASS" if self.goal.reached else "over")


def processor_row(what: str, ours: Sample, theirs: Sample) -> Row:
    """Compare processor seconds: a second opinion where other programs ran at the same time."""
    ratio = ours.processor_seconds / theirs.processor_seconds
    return Row(what, f"{ours.processor_seconds:.1f} s", f"{theirs.processor_seconds:.1f} s", ratio)


def size_row(what: str, ours: int, theirs: int, limit: float | None = None) -> Row:
    """Compare sizes of files."""
    goal = at_most(ours / theirs, limit) if limit is not None else None
    return Row(what, f"{ours / 1e6:.0f} MB", f"{theirs / 1e6:.0f} MB", ours / theirs, goal)


def memory_row(what: str, sample: Sample) -> Row:
    """Check the peak memory of the whole process."""
    goal = Goal(f"≤ {PEAK_LIMIT // MEBIBYTE} MiB", sample.peak_bytes <= PEAK_LIMIT)
    return Row(what, f"{sample.peak_bytes / MEBIBYTE:.0f} MiB", "", None, goal)


def at_most(ratio: float, limit: float) -> Goal:
    """A goal for a ratio."""
    return Goal(f"≤ {limit:g}", ratio <= limit)


def markdown(rows: Sequence[Row]) -> str:
    """A table that reads well as it is."""
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    texts = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    texts.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(texts)


def missed(rows: Sequence[Row]) -> list[Row]:
    """The rows whose goal is not reached."""
    return [row for row in rows if row.goal and not row.goal.reached]
