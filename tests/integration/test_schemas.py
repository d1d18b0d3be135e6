"""Databases of size come back whole: one of films, one of 200 tenants, one of more than a thousand partitions, and those
of real projects."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.catalogue.entry import Entry, ModeName
from tests.catalogue.trial import Trial
from tests.integration.test_catalogue import assert_same
from tests.projects import PROJECTS, Project
from tests.servers import start

FOLDER = Path(__file__).resolve().parent.parent / "schemas"
OWN = {name: Project((FOLDER / f"{name}.sql").read_text, 18) for name in ("rental", "tenants", "partitions")}
MODES: tuple[ModeName, ...] = ("owners", "swap", "psql")
# In place, everything is made in one transaction, which holds a lock for each table and index until its end.
SETTINGS = {"max_locks_per_transaction": "512"}


@pytest.fixture(scope="module", params=OWN | PROJECTS)
def trial(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    project = (OWN | PROJECTS)[request.param]
    with start(project.server, settings=SETTINGS) as server:
        script = project.script()
        if project.settles:
            server.create_database("unsettled")
            server.psql(script, "unsettled")
            script = server.pg_dump("unsettled")
        yield Trial(server, tmp_path_factory.mktemp(request.param), [Entry(request.param, script, shows="")])


@pytest.mark.parametrize("mode", MODES)
def test_a_database_of_size_comes_back(trial: Trial, mode: ModeName) -> None:
    restored = trial.restored(mode)
    assert_same(in_order(trial.text(trial.original)), in_order(trial.text(restored)))


def test_a_drill_finds_nothing_wrong(trial: Trial) -> None:
    assert trial.drill() == []


def in_order(dump: str) -> str:
    """The text with the rows of each table sorted: parts of a table may follow each other in any order."""
    lines: list[str] = []
    rows: list[str] | None = None
    for line in dump.split("\n"):
        if rows is None:
            lines.append(line)
            rows = [] if line.startswith("COPY ") and line.endswith(" FROM stdin;") else None
        elif line == "\\.":
            lines += [*sorted(rows), line]
            rows = None
        else:
            rows.append(line)
    return "\n".join(lines)
