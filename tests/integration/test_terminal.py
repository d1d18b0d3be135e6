"""What names of others do to a terminal: nothing, on both engines, in lists, plans and errors."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from tests.deployment import Deployment

# Clears the screen, turns the direction of text, and would begin a line that looks like one of ours.
NAME = "x\x1b[2J\u202e\nDropped, because"
# Line breaks are ours; whatever else acts on a terminal must not come from a name.
ACTS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def test_names_of_tables_are_shown_and_do_nothing(single: Deployment) -> None:
    single.execute(f'CREATE TABLE "{NAME}" (id integer)')
    single.execute(f'INSERT INTO "{NAME}" VALUES (1)')
    failed = single.run("backup_db", "--exclude-table-data", f"{NAME}!", code=2).text
    single.run("backup_db")
    name = single.newest().name
    listed = single.run("list_backups", name).text
    single.execute(f'INSERT INTO "{NAME}" VALUES (2)')
    plan = single.run("restore_db", name, "--dry-run").text
    wrong = single.run("restore_db", name, "--dry-run", "--table", f"no{NAME}", code=2).text
    for printed in (failed, listed, plan, wrong):
        assert not ACTS.search(printed), printed
        assert not [line for line in printed.split("\n") if line.strip() == "Dropped, because"]
    shown = r"x\x1b[2J\u202e\nDropped, because"
    assert shown in listed
    assert shown in plan
    assert f"no{shown}" in wrong
    assert f"{shown}!" in failed
    # Programs get what is there.
    document = single.run("list_backups", name, "--format", "json").document()
    assert any(NAME in table for table in document["tables"])


def test_whoever_has_read_enough_is_no_failure(sqlite: Deployment) -> None:
    sqlite.run("backup_db", "--all")
    command = [sys.executable, str(sqlite.manage), "list_backups"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=sqlite.environment(), cwd=sqlite.folder
    ) as listing:
        assert listing.stdout is not None
        assert listing.stderr is not None
        listing.stdout.close()
        assert listing.stderr.read() == ""
        assert listing.wait() == 0


def test_a_project_whose_folder_is_not_utf_8(sqlite: Deployment, tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/pr\xff\x1bj"))
    folder.mkdir()
    shutil.copy(sqlite.name(), folder / "db.sqlite3")
    given = sqlite.databases["default"]
    moved = replace(
        sqlite,
        settings={"DATABASES": ["default"]},
        databases={"default": {**given, "NAME": str(folder / "db.sqlite3")}},
    )
    moved.run("backup_db")
    moved.run("restore_db", "latest", "--no-input")
    refused = replace(moved, settings={**moved.settings, "DIRECTORY": str(folder / "backups")}).run("backup_db", code=2)
    assert r"pr\udcff\x1bj" in refused.err
    assert "not UTF-8" in refused.err
