"""Backups that were made by earlier versions are listed, valid, and come back."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.deployment import ROOT, Deployment

FORMATS = sorted((ROOT / "tests" / "data").glob("format-*"))
DATABASES = [database for version in FORMATS for database in sorted(version.iterdir())]


@pytest.fixture(params=DATABASES, ids=lambda folder: f"{folder.parent.name}-{folder.name}")
def earlier(
    request: pytest.FixtureRequest, tmp_path: Path, postgresql_with: Callable[[str], Deployment]
) -> tuple[Deployment, Deployment, dict[str, str]]:
    """An empty database with the backups in its folder; one made from the SQL; the backups' names by kind."""
    folder: Path = request.param
    script = (folder / "made_from.sql").read_text()
    if folder.name == "sqlite":
        empty, full = (_sqlite(tmp_path / name) for name in ("empty", "full"))
        with closing(sqlite3.connect(full.name())) as database:
            database.executescript(script)
    else:
        empty, full = postgresql_with(""), postgresql_with(script)
    shutil.copytree(folder, empty.backups, ignore=shutil.ignore_patterns("*.sql"))
    backups = [path.name for path in empty.backups.iterdir() if path.suffix in {".gz", ".zst"}]
    return empty, full, {name.split("_")[1]: name for name in backups}


def _sqlite(folder: Path) -> Deployment:
    folder.mkdir()
    return Deployment(
        folder, {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "default.sqlite3")}}
    )


def content(deployment: Deployment, *, rows: bool = True) -> str:
    if deployment.server is not None:
        return deployment.server.pg_dump(deployment.name(), "--no-owner", *([] if rows else ["--schema-only"]))
    with closing(sqlite3.connect(deployment.name())) as database:
        return "\n".join(line for line in database.iterdump() if rows or not line.startswith("INSERT"))


def test_earlier_backups_are_listed_and_valid(earlier: tuple[Deployment, Deployment, dict[str, str]]) -> None:
    empty, _, backups = earlier
    listed = {backup["name"]: backup for backup in empty.run("list_backups", "--format=json").document()}
    assert set(listed) == set(backups.values())
    for name in listed:
        empty.run("validate_backup", name)


def test_earlier_backups_come_back(earlier: tuple[Deployment, Deployment, dict[str, str]]) -> None:
    empty, full, backups = earlier
    for kind, rows in (("daily", True), ("manual", False), ("weekly", True)):
        empty.run("restore_db", backups[kind], "--no-input", "--no-safety-backup")
        assert content(empty, rows=rows) == content(full, rows=rows), kind
        if not rows:
            assert [(str(count),) for (count,) in empty.execute("SELECT count(*) FROM book")] == [("0",)]
