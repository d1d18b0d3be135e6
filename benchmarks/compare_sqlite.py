"""SQLite: `backup_db` against what people do by hand, `sqlite3 .backup` and then `gzip -1`."""

import shutil
import sqlite3
import sys
from pathlib import Path

import sqlite_database
from results import Row, at_most, processor_row, size_row
from timing import Contender, alternate, run

MEGABYTES = 500
GOAL = 0.5
CODECS = ("gzip", "zstd")

_COPY = """
import sqlite3, sys
sqlite3.connect(sys.argv[1]).backup(sqlite3.connect(sys.argv[2]))
"""


def rows(work: Path, rounds: int, scale: float) -> list[Row]:
    """Measure both codecs against the same work by hand."""
    site = sqlite_database.open_site(MEGABYTES * scale, work)
    file = sqlite_database.cached(MEGABYTES * scale)
    sizes: dict[str, int] = {}
    contenders = [_by_hand(file, work / "by-hand.sqlite3", sizes)]
    for codec in CODECS:
        measured = site.backup("--compression", codec)

        def remember(codec: str = codec) -> None:
            sizes[codec] = site.backup_bytes()

        contenders.append(Contender(measured.work, measured.prepare, remember))
    by_hand, *ours = alternate(contenders, rounds)
    what = f"SQLite, {file.stat().st_size / 1e6:.0f} MB (gzip -1: {sqlite_database.gzip_ratio(file):.1f}:1)"
    theirs = f"{_copier()}, gzip -1: {by_hand}"
    table = []
    for codec, sample in zip(CODECS, ours, strict=True):
        ratio = sample.wall_seconds / by_hand.wall_seconds
        goal = at_most(ratio, GOAL) if codec == "gzip" else None
        table.append(Row(f"{what}: backup_db, {codec}", str(sample), theirs, ratio, goal))
        table.append(processor_row(f"  {codec}: processor", sample, by_hand))
        table.append(size_row(f"  {codec}: size", sizes[codec], sizes["by hand"]))
    return table


def _by_hand(file: Path, copy: Path, sizes: dict[str, int]) -> Contender:
    compressed = copy.with_name(f"{copy.name}.gz")
    program = shutil.which("sqlite3")
    command = (
        [program, str(file), f".backup {copy}"] if program else [sys.executable, "-c", _COPY, str(file), str(copy)]
    )

    def tidy() -> None:
        sizes["by hand"] = compressed.stat().st_size
        compressed.unlink()

    return Contender(lambda: run(command) + run(["gzip", "-1", str(copy)]), tidy=tidy)


def _copier() -> str:
    return "sqlite3 .backup" if shutil.which("sqlite3") else f"Connection.backup() of {sqlite3.sqlite_version}"
