"""What a backup costs the application meanwhile: pgbench's latency with and without one, and with a `RATE_LIMIT`."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from postgresql_server import MAJOR, NewsServer, start
from results import Row

MEGABYTES = 1000
SECONDS = 5
# Far below what the machine could do: an application that waits in a queue already is slowed down by anything.
TRANSACTIONS_PER_SECOND = 200
RATE_LIMIT = 32 << 20
WAYS: Mapping[str, Mapping[str, str] | None] = {
    "alone": None,
    "during backup_db": {},
    f"during backup_db with RATE_LIMIT {RATE_LIMIT >> 20} MiB/s": {"NEWS_RATE_LIMIT": str(RATE_LIMIT)},
}


def rows(work: Path, rounds: int, scale: float) -> list[Row]:
    """Measure each way in turns; a backup runs longer than pgbench does."""
    samples: dict[str, list[list[float]]] = {way: [] for way in WAYS}
    with start(MEGABYTES * scale, work) as news:
        news.server.create_database("bank")
        news.program("pgbench", "--initialize", "--quiet", "--scale=10", news.server.dsn("bank"))
        for _ in range(rounds):
            for way, environment in WAYS.items():
                with ExitStack() as stack:
                    if environment is not None:
                        news.site.forget_backups()
                        stack.enter_context(news.site.backing_up(environment))
                    samples[way].append(_latencies(news))
    alone, *_ = (_describe(samples[way]) for way in WAYS)
    what = f"PostgreSQL {MAJOR}, pgbench at {TRANSACTIONS_PER_SECOND} transactions/s"
    return [_row(f"{what}, {way}", _describe(samples[way]), alone) for way in WAYS]


def _row(what: str, own: tuple[float, float], alone: tuple[float, float]) -> Row:
    return Row(what, _shown(own), f"alone: {_shown(alone)}", own[1] / alone[1])


def _shown(latency: tuple[float, float]) -> str:
    return f"median {latency[0]:.1f} ms, 95 % within {latency[1]:.1f} ms"


def _describe(runs: list[list[float]]) -> tuple[float, float]:
    return median(median(run) for run in runs), median(quantiles(run, n=20)[-1] for run in runs)


def _latencies(news: NewsServer) -> list[float]:
    """Milliseconds of each transaction, the wait for its turn included."""
    with TemporaryDirectory(dir=news.work) as folder:
        load = (f"--rate={TRANSACTIONS_PER_SECOND}", f"--time={SECONDS}", "--client=4", "--no-vacuum")
        news.program("pgbench", *load, "--log", f"--log-prefix={folder}/log", news.server.dsn("bank"))
        lines = [line.split() for file in Path(folder).iterdir() for line in file.read_text().splitlines()]
    return [int(line[2]) / 1000 for line in lines]
