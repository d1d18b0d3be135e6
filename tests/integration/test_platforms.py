"""Each configuration that is printed is accepted by the program that will read it, and what it calls runs."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from celery import Celery
from kubernetes_validate import validate as validate_kubernetes
from ruamel.yaml import YAML

from holdfast.platforms import PLATFORMS, Project, configuration
from tests.deployment import MANAGE, Deployment

# Names that need quoting wherever they go.
AWKWARD = 'a site\'s 100% "best"'


@pytest.fixture(params=["plain", AWKWARD])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    folder = tmp_path / request.param
    folder.mkdir()
    manage = folder / "manage.py"
    manage.write_text("import os, sys\nprint(os.getcwd(), *sys.argv[1:], os.environ.get('DJANGO_SETTINGS_MODULE'))\n")
    return Project(manage, Path(sys.executable), "project.settings", "root")


def checked(*command: str, **more: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_command_prints_it_for_this_project(sqlite: Deployment, platform: str) -> None:
    scheduled = replace(sqlite, settings={"SCHEDULE": {"daily": "0 2 * * *"}})
    printed = scheduled.run("schedule_backups", "--for", platform, environment={"SECRET_KEY": "very-secret-key"}).out
    assert (
        printed.strip()
        == configuration(platform, Project(MANAGE, Path(sys.executable), "tests.project.settings", "root")).strip()
    )
    assert "$" not in printed.replace("${{ secrets.", "")
    assert "very-secret-key" not in printed


def test_cron_takes_it_and_runs_the_command(project: Project, tmp_path: Path) -> None:
    text = configuration("cron", project)
    table = tmp_path / "crontab"
    table.write_text(text)
    checked("crontab", "-n", str(table))
    (line,) = [line for line in text.splitlines() if line.startswith("*/")]
    # As cron reads it: five fields, then a command for the shell in which \% stands for %.
    command = line.split(maxsplit=5)[5].replace(r"\%", "%")
    assert checked("sh", "-c", command).split(" run_backups ")[0] == str(project.manage.parent)


def test_systemd_takes_it(project: Project, tmp_path: Path) -> None:
    text = configuration("systemd", project)
    units = dict(re.findall(r"(?ms)^# /etc/systemd/system/(\S+)\n(.*?)(?=^# /etc|^# Start|\Z)", text))
    assert {Path(name).suffix for name in units} == {".service", ".timer"}
    for name, unit in units.items():
        (tmp_path / name).write_text(unit)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / name) for name in units)],
        capture_output=True, text=True, check=False, env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
    )  # fmt: skip
    complaints = [line for line in done.stderr.splitlines() if any(name in line for name in units)]
    assert (done.returncode, complaints) == (0, []), done.stderr
    (timer,) = [unit for name, unit in units.items() if name.endswith(".timer")]
    assert "Normalized form" in checked("systemd-analyze", "calendar", re.findall(r"OnCalendar=(.*)", timer)[0])


@pytest.mark.parametrize(
    ("platform", "schema"), [("github", "vendor.github-workflows"), ("docker", "vendor.compose-spec")]
)
def test_yaml_fits_its_schema(project: Project, tmp_path: Path, platform: str, schema: str) -> None:
    file = tmp_path / "configuration.yaml"
    file.write_text(configuration(platform, project))
    checked(sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(file))


def test_kubernetes_takes_it(project: Project) -> None:
    documents = list(YAML(typ="safe").load_all(configuration("kubernetes", project)))
    assert [document["kind"] for document in documents] == ["CronJob", "PersistentVolumeClaim"]
    for document in documents:
        validate_kubernetes(document, "1.33", strict=True)
    job = documents[0]["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    assert job["command"] == ["python", "manage.py", "run_backups", "--if-due"]
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", documents[0]["metadata"]["name"])


def test_heroku_starts_what_the_procfile_says(project: Project) -> None:
    # https://devcenter.heroku.com/articles/procfile#procfile-format
    lines = [line for line in configuration("heroku", project).splitlines() if line and not line.startswith("#")]
    (process,) = [re.fullmatch(r"([A-Za-z0-9_-]+): (.+)", line) for line in lines]
    assert process is not None
    assert shlex.split(process[2]) == ["python", "manage.py", "run_backups", "--loop"]


def test_celery_beat_sends_what_the_worker_does(sqlite: Deployment) -> None:
    text = configuration("celery", Project(MANAGE, Path(sys.executable), "tests.project.settings", "root"))
    app = Celery(set_as_current=True)
    found: dict[str, object] = {}
    exec(compile(ast.parse(text), "tasks.py", "exec"), found)  # noqa: S102 - it is what the page shows
    app.conf.beat_schedule = found["CELERY_BEAT_SCHEDULE"]
    (entry,) = app.conf.beat_schedule.values()
    scheduled = replace(sqlite, settings={"DATABASES": ["default"], "SCHEDULE": {"daily": "0 2 * * *"}})
    with scheduled.in_process():
        app.tasks[entry["task"]].apply(throw=True)
    assert len([name for name in scheduled.files() if name.endswith(".gz")]) == 1
