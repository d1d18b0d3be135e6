"""What others put into the folder beside a good backup is its own trouble: no command hangs, and none ends in a traceback."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import holdfast
from holdfast.alarms import state as alarm_state
from holdfast.history import audit
from holdfast.schedule import memory
from tests.deployment import Deployment
from tests.forgery import redescribed

# Where the documents of the whole folder stand.
SHARED = (audit.FILE_NAME, alarm_state.FILE, memory.NAME)
SIDECARS = (".json", ".sha256", ".status.json")
COMMANDS = (
    ("list_backups",),
    ("backup_status",),
    ("restore_db", "latest", "--dry-run"),
    ("validate_backup", "latest"),
    ("check_backups",),
    ("cleanup_backups", "--dry-run"),
    ("run_backups", "--dry-run"),
    ("backup_db",),
    ("list_backups", "latest"),
)


@pytest.fixture
def watched(deployment: Deployment) -> Deployment:
    return replace(deployment, settings={
        "DATABASES": ["default"], "HISTORY": True, "MAX_AGE": {"default": "2h"}, "SCHEDULE": {"hourly": "0 * * * *"},
        "NOTIFY": [{"CHANNEL": "email", "TO": ["ops@example.org"]}],
    })  # fmt: skip


def fifo(path: Path) -> None:
    os.mkfifo(path)


def link(path: Path) -> None:
    path.symlink_to(path.parent.parent / "precious")


def nonsense(path: Path) -> None:
    hostile = {
        "alias": 7, "id": "x" * 9, "operation": None, "created": "0000-01-01T00:00:00Z", "started": "0001-01-01T00:00:00Z",
        "rows": 1 << 80, "seconds": "long", "verified": {"at": "soon", "how": "read", "ok": True}, "hash": "",
        "default": {"alarm": {}, "recovery": None, "seen": "never", "channels": []}, "done": {"default": {"hourly": {"at": 1}}},
    }  # fmt: skip
    path.write_bytes(b"[" * 100_000 + b"\n" + json.dumps(hostile).encode() + b"\n\xff\n" + b"{}")


@pytest.mark.parametrize("plant", [fifo, link, nonsense])
def test_a_good_backup_beside_them_is_found_and_used(watched: Deployment, plant: Callable[[Path], None]) -> None:
    precious = watched.folder / "precious"
    precious.write_text("precious")
    watched.run("backup_db")
    bad = watched.newest()
    watched.run("backup_db")
    good = watched.newest()
    assert good != bad
    for path in (
        *(bad.with_name(bad.name + suffix) for suffix in SIDECARS),
        *(watched.backups / name for name in SHARED),
    ):
        path.unlink(missing_ok=True)
        plant(path)
    for command in COMMANDS:
        outcome = watched.run(*command, code=None)
        assert "Traceback" not in outcome.text, outcome.text
        assert outcome.code in (0, 5), (command, outcome.code, outcome.text)
    assert precious.read_text() == "precious"
    # The bad ones are told, by name, and in the end whoever wants to can remove them.
    assert bad.name in watched.run("list_backups").text
    watched.run("cleanup_backups", bad.name, "--force", "--no-input")
    assert not list(watched.backups.glob(f"{bad.name}*"))


def test_a_lock_in_place_of_which_something_stands_is_told(single: Deployment) -> None:
    single.run("backup_db")
    lock = single.backups / ".default.lock"
    lock.unlink()
    link(lock)
    outcome = single.run("backup_db", code=1)
    assert "cannot be locked: it is a symbolic link" in outcome.text
    assert "Traceback" not in outcome.text
    assert not (single.folder / "precious").exists()


def test_words_of_others_become_no_path(single: Deployment) -> None:
    single.run("backup_db")
    whole = single.newest()
    for field, value in (
        ("id", "../../outside"),
        ("alias", "../outside"),
        ("kind", "../k"),
        ("created", "0000-01-01T00:00:00Z"),
    ):
        folder = single.folder / "forged"
        forged = redescribed(whole, folder, lambda document, field=field, value=value: document | {field: value})  # type: ignore[misc]
        outcome = single.run("restore_db", forged, "--no-input", code=3)
        assert "its manifest cannot be read" in outcome.text, outcome.text
        validated = single.run("validate_backup", forged, code=3)
        assert "Traceback" not in validated.text
    assert not list(single.folder.rglob("*outside*"))


def test_what_was_validated_outside_of_the_folder_poisons_nothing(watched: Deployment, tmp_path: Path) -> None:
    watched.run("backup_db")
    cut = tmp_path / "elsewhere" / "cut.sql.gz"
    cut.parent.mkdir()
    cut.write_bytes(watched.newest().read_bytes()[:-100])
    watched.run("validate_backup", cut, code=3)
    watched.run("backup_status")
    with watched.in_process():
        assert holdfast.status()[0].alias == "default"
        assert any(run.operation == "validation" for run in holdfast.history.runs())


def test_a_backup_of_the_year_0_and_numbers_beyond_64_bits(single: Deployment) -> None:
    single.run("backup_db")
    bad = single.newest()
    document = json.loads(bad.with_name(bad.name + ".json").read_text())
    huge = {"rows": 18446744073709551615}
    document["tables"] = [table | huge for table in document["tables"]]
    single.run("backup_db", "--type", "daily")
    bad.with_name(bad.name + ".json").write_text(json.dumps(document))
    for command in (("list_backups",), ("list_backups", bad.name), ("backup_status",), ("backup_db",)):
        outcome = single.run(*command)
        assert "Traceback" not in outcome.text
