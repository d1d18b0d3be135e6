"""Measures Holdfast beside the programs that people use otherwise, and prints a table of ratios for each part.

    python benchmarks/run.py [--only PART] [--rounds N] [--scale F]

The goals hold for a quiet machine and `--scale 1`; the exit status is 1 when one is missed. The data is made once and
kept in HOLDFAST_BENCH_CACHE (default /var/tmp/holdfast-bench): about 10 GB, and as much again while it runs.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import compare_postgresql
import compare_restores
import compare_s3
import compare_shapes
import compare_sqlite
import imports
import latency
import machine
import memory
from news_site import CACHE
from results import Row, markdown, missed

PARTS: Mapping[str, Callable[[Path, int, float], list[Row]]] = {
    "import": imports.rows,
    "sqlite": compare_sqlite.rows,
    "postgresql": compare_postgresql.rows,
    "restores": compare_restores.rows,
    "restores-lz4": compare_restores.rows_with_lz4,
    "one-table": compare_shapes.one_table,
    "many-tables": compare_shapes.many_tables,
    "latency": latency.rows,
    "memory": memory.rows,
    "s3": compare_s3.rows,
}


def main() -> int:
    """Run the chosen parts."""
    chosen = _arguments()
    CACHE.mkdir(parents=True, exist_ok=True)
    heading = [*machine.describe(), compare_postgresql.notes(), _method(chosen)]
    print(*heading, sep="\n", flush=True)
    reached = True
    for name in chosen.only or PARTS:
        with tempfile.TemporaryDirectory(dir=CACHE, prefix="run-") as work:
            started = time.monotonic()
            table = PARTS[name](Path(work), chosen.rounds, chosen.scale)
            seconds = time.monotonic() - started
        # All together take half an hour: who ends the run before keeps what it has.
        print("", f"{name}: {seconds:.0f} s", "", markdown(table), sep="\n", flush=True)
        reached = reached and not missed(table)
    return 0 if reached else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", action="append", choices=PARTS, help="measure this part alone; may be repeated")
    parser.add_argument("--rounds", type=int, default=3, help="how often each contender runs")
    parser.add_argument("--scale", type=float, default=1.0, help="the size of the data; 1 is what the goals are for")
    return parser.parse_args()


def _method(chosen: argparse.Namespace) -> str:
    return (
        f"method: medians of {chosen.rounds} rounds, contenders in turns, sizes x {chosen.scale:g}, files in the"
        " system's cache; Holdfast's times are those of the whole command, Python and Django included"
    )


if __name__ == "__main__":
    sys.exit(main())
