"""The status of databases as Prometheus reads it; needs `prometheus_client`, the extra `metrics`."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST as CONTENT_TYPE
from prometheus_client.registry import Collector

from holdfast.condition import Proof, Status
from holdfast.history import Run
from holdfast.operations import status
from holdfast.rendering_status import NAGIOS_CODES

__all__ = ["CONTENT_TYPE", "StatusCollector", "text"]

_Figure = Callable[[Status], float | None]


def _moment(moment: str | None) -> float | None:
    return None if moment is None else datetime.fromisoformat(moment).timestamp()


def _proof(figure: Callable[[Proof], float | None]) -> _Figure:
    return lambda one: None if one.proven is None else figure(one.proven)


def _drill(figure: Callable[[Run], float | None]) -> _Figure:
    return lambda one: None if one.last_drill is None else figure(one.last_drill)


# A figure that is not known is left out, so that no graph shows a zero that nobody has measured.
_OF_DATABASE: dict[str, tuple[str, _Figure]] = {
    "condition": ("0 is ok, 1 warning, 2 critical", lambda one: NAGIOS_CODES[one.condition]),
    "backup_timestamp_seconds": ("When the newest good backup was made", lambda one: _moment(one.created)),
    "backup_age_seconds": ("Age of the newest good backup", lambda one: one.age_seconds),
    "backup_duration_seconds": ("How long the newest good backup took", lambda one: one.seconds),
    "backup_stored_bytes": ("Size of the newest good backup as it is stored", lambda one: one.stored_size),
    "backup_raw_bytes": ("Size of the newest good backup before compression", lambda one: one.raw_size),
    "backup_rows": ("Rows in the newest good backup", lambda one: one.rows),
    "backup_copies": ("Stores that have the newest good backup", lambda one: len(one.locations)),
    "backup_failures": ("Backups that failed since the newest good one", lambda one: one.failures),
    "backup_next_due_timestamp_seconds": ("When the next backup is due", lambda one: _moment(one.next_due)),
    "proven_timestamp_seconds": ("When a restore last worked", _proof(lambda proof: _moment(proof.at))),
    "proven_duration_seconds": ("How long that restore took", _proof(lambda proof: proof.seconds)),
    "drill_timestamp_seconds": ("When the last drill began", _drill(lambda run: _moment(run.started))),
    "drill_duration_seconds": ("How long the last drill took", _drill(lambda run: run.seconds)),
    "drill_success": ("1 where the last drill worked", _drill(lambda run: run.result == "done")),
    "free_bytes": ("Room left for backups on the disk of the folder", lambda one: one.free_bytes),
}


class StatusCollector(Collector):
    """Gives the figures of this moment; may be registered with a registry of the project's own."""

    def __init__(self, ask: Callable[[], Iterable[Status]] = status) -> None:
        """Ask for the status whenever somebody collects."""
        self._ask = ask

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give every metric."""
        statuses = tuple(self._ask())
        for name, (about, figure) in _OF_DATABASE.items():
            family = GaugeMetricFamily(f"holdfast_{name}", about, labels=["database"])
            for one in statuses:
                value = figure(one)
                if value is not None:
                    family.add_metric([one.alias], float(value))
            yield family
        yield from _targets(statuses)

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Name every metric without asking: a registry wants to know when it is put together."""
        return StatusCollector(tuple).collect()


def text(statuses: Sequence[Status]) -> bytes:
    """Give the figures in Prometheus's text format."""
    registry = CollectorRegistry()
    registry.register(StatusCollector(lambda: statuses))
    return generate_latest(registry)


def _targets(statuses: Iterable[Status]) -> Iterator[GaugeMetricFamily]:
    labels = ["database", "kind"]
    age = GaugeMetricFamily("holdfast_target_age_seconds", "Age of the newest good backup of a kind", labels=labels)
    limit = GaugeMetricFamily("holdfast_target_max_age_seconds", "How old it may be", labels=labels)
    missed = GaugeMetricFamily("holdfast_target_missed", "1 where it is older, or not there", labels=labels)
    for one in statuses:
        for target in one.targets:
            names = [one.alias, target.kind or "any"]
            limit.add_metric(names, target.max_age_seconds)
            missed.add_metric(names, float(target.too_old))
            if target.age_seconds is not None:
                age.add_metric(names, target.age_seconds)
    yield from (age, limit, missed)
