"""The dashboard and the alert rules in the documentation speak of metrics that there are, and fire when they should."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from holdfast import exposition
from holdfast.condition import Aging, Proof, Status
from holdfast.history import Run
from tests.pages import DOCS
from tests.servers import CACHE

FOLDER = DOCS / "monitoring"
PROMTOOL = CACHE / "promtool" / "promtool"


def exposed() -> str:
    drill = Run(id="1", operation="drill", alias="default", started="2026-11-21T03:00:00Z", result="done", seconds=4.0)
    full = Status(
        alias="default", condition="critical", reasons=("too old",), backup="a", kind="daily",
        created="2026-11-21T02:00:00Z", age_seconds=7200.0, rows=5, stored_size=100, raw_size=300, seconds=1.5,
        locations=("local", "offsite"), targets=(Aging("daily", "a", 7200.0, 3600.0, too_old=True),), too_old=True,
        proven=Proof("a", "2026-11-21T03:00:00Z", "drill", 4.0), last_drill=drill, last_failure=None, failures=2,
        next_due="2026-11-22T02:00:00Z", free_bytes=10**9,
    )  # fmt: skip
    return exposition.text([full]).decode()


def known() -> set[str]:
    return {family.name for family in text_string_to_metric_families(exposed()) if family.samples}


def test_every_metric_can_have_a_figure() -> None:
    text = exposed()
    assert known() == {family.name for family in text_string_to_metric_families(text)}
    assert 'holdfast_target_missed{database="default",kind="daily"} 1.0' in text


def test_the_documentation_lists_every_metric() -> None:
    page = (DOCS / "reference" / "urls.md").read_text()
    assert set(re.findall(r"(?m)^\| `(holdfast_\w+)` \|", page)) == known()


@pytest.mark.parametrize("name", ["grafana.json", "alerts.yml"])
def test_files_name_metrics_that_there_are(name: str) -> None:
    named = set(re.findall(r"\bholdfast_\w+", (FOLDER / name).read_text()))
    assert named and named <= known()


def test_the_dashboard_is_whole() -> None:
    dashboard = json.loads((FOLDER / "grafana.json").read_text())
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [
        (x, y)
        for panel in panels
        for at in [panel["gridPos"]]
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(places) == len(set(places)) and max(x for x, _ in places) < 24
    assert all(target["expr"] for panel in panels for target in panel["targets"])


def promtool(*arguments: object, folder: Path, stdin: str = "") -> str:
    done = subprocess.run(
        [PROMTOOL, *map(str, arguments)], cwd=folder, input=stdin, text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_prometheus_takes_the_metrics_and_the_rules(tmp_path: Path) -> None:
    promtool("check", "metrics", folder=tmp_path, stdin=exposed())
    shutil.copy(FOLDER / "alerts.yml", tmp_path)
    shutil.copy(Path(__file__).parent / "alerts_test.yml", tmp_path)
    assert "SUCCESS" in promtool("check", "rules", "alerts.yml", folder=tmp_path)
    assert "SUCCESS" in promtool("test", "rules", "alerts_test.yml", folder=tmp_path)
