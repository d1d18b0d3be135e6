"""What backups cost the application meanwhile: the latency of pgbench without one, with one, and with `RATE_LIMIT`."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import mean, median, quantiles
from tempfile import TemporaryDirectory

from postgresql_server import MAJOR, NewsServer, start
from results import Row
from timing import Contender, Sample

MEGABYTES = 1000
# A whole backup of that size with the limit, and several without.
SECONDS = 30
# Far below what the machine could do: an application that waits in a queue already is slowed down by anything.
TRANSACTIONS_PER_SECOND = 200
RATE_LIMIT = 32 << 20
FIGURES: Mapping[str, Callable[[Sequence[float]], float]] = {
    "average": mean,
    "95 % within": lambda latencies: quantiles(latencies, n=100)[94],
    "99 % within": lambda latencies: quantiles(latencies, n=100)[98],
}


@dataclass(frozen=True)
class Run:
    """Milliseconds of each transaction, the wait for its turn included, and the backups that were made meanwhile."""

    latencies: list[float]
    backups: list[Sample]


@dataclass(frozen=True)
class Way:
    """What runs beside pgbench, and what came of it."""

    name: str
    backup: Contender | None = None
    runs: list[Run] = field(default_factory=list)

    def figure(self, name: str) -> float:
        """Give the median of the rounds."""
        return median(FIGURES[name](run.latencies) for run in self.runs)

    def backup_seconds(self) -> float:
        """How long a backup takes beside pgbench."""
        return median(sample.wall_seconds for run in self.runs for sample in run.backups)


def rows(work: Path, rounds: int, scale: float) -> list[Row]:
    """Measure each way in turns."""
    with start(MEGABYTES * scale, work) as news:
        news.server.create_database("bank")
        news.program("pgbench", "--initialize", "--quiet", "--scale=10", news.server.dsn("bank"))
        limited = replace(news.site, variables={"NEWS_RATE_LIMIT": str(RATE_LIMIT)})
        alone, *others = ways = [
            Way("alone"),
            Way("during backup_db", news.site.backup()),
            Way(f"during backup_db with RATE_LIMIT {RATE_LIMIT >> 20} MiB/s", limited.backup()),
        ]
        for _ in range(rounds):
            for way in ways:
                # Blocks are written whole into the log when they change for the first time after one.
                news.server.psql("CHECKPOINT")
                way.runs.append(_run(news, way.backup))
    what = f"PostgreSQL {MAJOR}, pgbench at {TRANSACTIONS_PER_SECOND} transactions/s"
    return [row for way in others for row in _rows(what, way, alone)]


def _rows(what: str, way: Way, alone: Way) -> list[Row]:
    table = []
    for name in FIGURES:
        own, other = way.figure(name), alone.figure(name)
        table.append(Row(f"{what}, {way.name}: {name}", f"{own:.1f} ms", f"alone: {other:.1f} ms", own / other))
    return [*table, Row("  a backup meanwhile", f"{way.backup_seconds():.2f} s", "")]


def _run(news: NewsServer, backup: Contender | None) -> Run:
    """Let one backup follow the other until pgbench is done."""
    backups = []
    with TemporaryDirectory(dir=news.work) as folder, ThreadPoolExecutor(1) as beside:
        load = (f"--rate={TRANSACTIONS_PER_SECOND}", f"--time={SECONDS}", "--client=4", "--no-vacuum", "--log")
        pgbench = beside.submit(news.program, "pgbench", *load, f"--log-prefix={folder}/log", news.server.dsn("bank"))
        while backup and not pgbench.done():
            backup.prepare()
            backups.append(backup.work())
        pgbench.result()
        lines = [line.split() for file in Path(folder).iterdir() for line in file.read_text().splitlines()]
    return Run([int(line[2]) / 1000 for line in lines], backups)
