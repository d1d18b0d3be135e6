"""`cleanup_backups` from end to end: shows, asks, removes what the policy does not keep, and nothing else."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

import holdfast
from tests.deployment import PATIENCE, Deployment

COUNT = 4
NONE = ("--keep-daily", "0", "--keep-weekly", "0", "--keep-monthly", "0", "--keep-yearly", "0")
LAST_ONE = ("--keep-last", "1", *NONE, "--no-recent")


@pytest.fixture
def backups(sqlite: Deployment) -> list[str]:
    """Names of backups of the alias `second`, the oldest first."""
    with sqlite.in_process():
        names = [holdfast.backup("second", kind="by-hand").name for _ in range(COUNT)]
        # Made within one second, so their names tell the order no better than their times.
        listed = [backup.name for backup in holdfast.list_backups()]
    assert set(listed) == set(names)
    return listed[::-1]


def kept(deployment: Deployment) -> set[str]:
    return {name for name in deployment.files() if name.endswith(".gz")}


def typed(deployment: Deployment, *arguments: str, answer: str) -> tuple[int, str]:
    """Run a command on a terminal and type an answer to its question."""
    ours, theirs = pty.openpty()
    command = [sys.executable, str(deployment.manage), *arguments]
    with subprocess.Popen(
        command, env=deployment.environment(), cwd=deployment.folder, stdin=theirs,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        os.close(theirs)
        os.write(ours, f"{answer}\n".encode())
        output, _ = process.communicate(timeout=PATIENCE)
    os.close(ours)
    return process.returncode, output


def test_a_dry_run_tells_everything_and_removes_nothing(sqlite: Deployment, backups: list[str]) -> None:
    files = sqlite.files()
    outcome = sqlite.run("cleanup_backups", *LAST_ONE, "--dry-run")
    lines = {name: line for name in backups for line in outcome.out.splitlines() if name in line}
    assert set(lines) == set(backups)
    assert sorted(line.split()[0] for line in lines.values()) == ["keep", *["remove"] * (COUNT - 1)]
    # Every decision has its reason.
    assert all("(" in line for line in lines.values())
    assert sqlite.files() == files


def test_it_asks_and_removes(sqlite: Deployment, backups: list[str]) -> None:
    files = sqlite.files()
    assert "terminal" in sqlite.run("cleanup_backups", *LAST_ONE, code=2).err
    code, output = typed(sqlite, "cleanup_backups", *LAST_ONE, answer="no")
    assert code == 1, output
    assert "nothing was changed" in output
    assert sqlite.files() == files
    code, output = typed(sqlite, "cleanup_backups", *LAST_ONE, answer="yes")
    assert code == 0, output
    (left,) = kept(sqlite)
    assert left in backups
    assert {name for name in sqlite.files() if not name.startswith(left)} == set()


def test_pins_stay(sqlite: Deployment, backups: list[str]) -> None:
    with sqlite.in_process():
        doomed = next(
            decision.name
            for decision in holdfast.plan_cleanup(holdfast.Retention(1, 0, 0, 0, 0, recent=False))
            if not decision.keep
        )
    sqlite.run("cleanup_backups", "--pin", doomed)
    assert "pinned" in sqlite.run("list_backups").out
    sqlite.run("cleanup_backups", *LAST_ONE, "--no-input")
    assert doomed in kept(sqlite)
    assert len(kept(sqlite)) == 2
    sqlite.run("cleanup_backups", "--unpin", doomed)
    sqlite.run("cleanup_backups", *LAST_ONE, "--no-input")
    assert len(kept(sqlite)) == 1
    assert doomed in backups


def test_the_newest_good_backup_stays(sqlite: Deployment) -> None:
    with sqlite.in_process():
        good = holdfast.backup("second", kind="good")
        bad = holdfast.backup("second", kind="good")
        content = bytearray(bad.path.read_bytes())
        content[len(content) // 2] ^= 1
        bad.path.write_bytes(content)
        assert not holdfast.validate(str(bad.path)).ok
    outcome = sqlite.run("cleanup_backups", *LAST_ONE, "--no-input")
    assert good.name in kept(sqlite), outcome.out
    sqlite.run("restore_db", good.name, "--no-input", "--no-safety-backup")


def test_an_empty_policy_is_refused(sqlite: Deployment, backups: list[str]) -> None:
    nothing = ["--keep-last", "0", *NONE]
    outcome = sqlite.run("cleanup_backups", *nothing, "--no-input", code=2)
    assert "empty" in outcome.err
    assert kept(sqlite) == set(backups)


def test_every_alias_has_its_own_count(sqlite: Deployment, backups: list[str]) -> None:
    sqlite.run("backup_db", "--database", "default")
    sqlite.run("cleanup_backups", *LAST_ONE, "--no-input")
    assert sorted(name.split("_")[0] for name in kept(sqlite)) == ["default", "second"]
    assert len(backups) == COUNT


def test_numbers_for_once_take_nothing_away_that_they_do_not_name(sqlite: Deployment, backups: list[str]) -> None:
    # Somebody wants to keep more months; what was made by hand today has nothing to do with that.
    for rules in (("--keep-monthly", "24"), ("--keep-last", "1", *NONE)):
        assert f"0 to remove, {COUNT} to keep." in sqlite.run("cleanup_backups", *rules, "--dry-run").out
    assert f"{COUNT - 1} to remove" in sqlite.run("cleanup_backups", *LAST_ONE, "--dry-run").out
    assert kept(sqlite) == set(backups)


def test_what_is_removed_is_named(sqlite: Deployment, backups: list[str]) -> None:
    *old, newest = backups
    assert "question" in sqlite.run("cleanup_backups", "--format", "json", code=2).err
    told = sqlite.run("cleanup_backups", *LAST_ONE, "--format", "json", "--dry-run").document()
    assert {one["name"] for one in told["decisions"] if not one["keep"]} == set(old)
    assert told["removed"] == []
    sqlite.run("cleanup_backups", old[0], "--no-input")
    told = sqlite.run("cleanup_backups", *LAST_ONE, "--format", "json", "--no-input").document()
    assert sorted(one["name"] for one in told["removed"]) == sorted(old[1:])
    assert {one["location"] for one in told["removed"]} == {"local"}
    assert kept(sqlite) == {newest}


def test_backups_are_removed_by_their_names(sqlite: Deployment, backups: list[str]) -> None:
    oldest, *_, newest = backups
    planned = sqlite.run("cleanup_backups", oldest, "--dry-run", "--format", "json").document()
    assert planned == {"to_remove": [{"location": "local", "name": oldest}], "removed": []}
    assert oldest in kept(sqlite)
    sqlite.run("cleanup_backups", "--pin", backups[1])
    for precious in (newest, backups[1]):
        assert "--force" in sqlite.run("cleanup_backups", oldest, precious, "--no-input", code=2).err
    assert kept(sqlite) == set(backups)
    told = sqlite.run("cleanup_backups", oldest, "--no-input").out
    assert f"removed  {oldest}\n1 removed." in told
    assert kept(sqlite) == set(backups[1:])
    assert not [name for name in sqlite.files() if name.startswith(oldest)]
    told = sqlite.run("cleanup_backups", backups[1], newest, "--force", "--no-input", "--format", "json").document()
    assert {one["name"] for one in told["removed"]} == {backups[1], newest}
    assert kept(sqlite) == {backups[2]}


def test_only_a_whole_name_removes(sqlite: Deployment, backups: list[str]) -> None:
    sqlite.run("cleanup_backups", backups[0], "nothing-like-it", "--no-input", code=2)
    # The beginning of a name that no other has is enough for commands that destroy nothing.
    start = backups[0].removesuffix(".gz")
    for vague in (start, f"{backups[0]}.json", str(sqlite.backups / backups[0])):
        assert "is not the name" in sqlite.run("cleanup_backups", vague, "--force", "--no-input", code=2).err
    for arguments in (("latest", "--force"), ("--force",), (backups[0], "--keep-last", "1")):
        sqlite.run("cleanup_backups", *arguments, "--no-input", code=2)
    assert kept(sqlite) == set(backups)


def test_what_was_made_by_hand_survives_a_day_of_hourly_cleaning(sqlite: Deployment) -> None:
    with sqlite.in_process():
        by_hand = holdfast.backup("second").name
        for kind in ("hourly", "daily", "weekly", "pre-restore", "hourly"):
            holdfast.backup("second", kind=kind)
        assert all(decision.keep for decision in holdfast.plan_cleanup())
        reasons = {decision.name: decision.reasons for decision in holdfast.plan_cleanup()}
    assert "last 1 of 10" in reasons[by_hand]
