"""The folder of backups, and what git sees of it."""

import subprocess
from pathlib import Path

import pytest

from holdfast.folder import prepare


def published(project: Path) -> list[str]:
    subprocess.run(["git", "init", "-q", project], check=True)
    subprocess.run(["git", "-C", project, "add", "."], check=True)
    listed = subprocess.run(["git", "-C", project, "ls-files"], check=True, capture_output=True, text=True)
    return listed.stdout.split()


@pytest.mark.parametrize("kept", [None, ".gitkeep"])
def test_a_backup_is_not_published_with_the_code(tmp_path: Path, kept: str | None) -> None:
    folder = tmp_path / "data" / "backups"
    if kept is not None:
        folder.mkdir(parents=True)
        (folder / kept).touch()
    prepare(folder)
    prepare(folder)
    (folder / "default_manual_20261121T020000Z.sqlite3.gz").touch()
    (folder / ".cache").mkdir()
    (folder / ".cache" / "default.sql.gz").touch()
    assert published(tmp_path) == []
    if kept is None:
        assert folder.stat().st_mode & 0o777 == 0o700


def test_what_else_is_in_the_folder_is_not_hidden_from_git(tmp_path: Path) -> None:
    (tmp_path / "code.py").touch()
    prepare(tmp_path)
    assert published(tmp_path) == ["code.py"]


def test_a_gitignore_of_the_owner_and_a_planted_link_stay(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / ".gitignore").symlink_to(elsewhere)
    prepare(folder)
    assert not elsewhere.exists()
