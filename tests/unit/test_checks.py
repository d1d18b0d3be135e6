"""System checks find what would stop a backup, and touch nothing."""

import os
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.db import connections
from django.test import override_settings

from holdfast import conf
from holdfast.checks import CHECK_TAG, check_settings


def ids(**settings: Any) -> list[str | None]:
    with override_settings(**settings):
        return [message.id for message in check_settings()]


def test_a_project_without_settings_is_fine() -> None:
    assert run_checks(tags=[CHECK_TAG]) == []


def test_looking_makes_no_folder(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"

    assert ids(HOLDFAST={"DIRECTORY": folder}) == []
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(("mode", "found"), [(0o755, []), (0o775, ["holdfast.W004"]), (0o1777, ["holdfast.W004"])])
def test_a_folder_that_others_may_write_to(tmp_path: Path, mode: int, found: list[str]) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    folder.chmod(mode)
    assert ids(HOLDFAST={"DIRECTORY": folder}) == found
    # A folder that is still to be made is made for its owner alone.
    assert ids(HOLDFAST={"DIRECTORY": folder / "inner"}) == []


@pytest.mark.parametrize(("length", "found"), [(193, []), (194, ["holdfast.E011"])])
def test_an_alias_that_is_too_long(monkeypatch: pytest.MonkeyPatch, length: int, found: list[str]) -> None:
    alias = "a" * length
    monkeypatch.setitem(connections.settings, alias, dict(connections.settings["default"]))
    assert ids(HOLDFAST={"DATABASES": [alias]}) == found


def test_every_message_has_a_hint() -> None:
    with override_settings(HOLDFAST={"JOBS": 0, "COLOUR": 1, "DATABASES": ["nope"]}):
        messages = check_settings()

    assert messages
    assert all(message.hint for message in messages)


def test_problems_of_settings_are_errors() -> None:
    assert ids(HOLDFAST=[]) == ["holdfast.E001"]
    assert ids(HOLDFAST={"COLOUR": 1}) == ["holdfast.E002"]
    assert ids(HOLDFAST={"JOBS": "x"}) == ["holdfast.E003"]
    assert ids(HOLDFAST={"JOBS": 0}) == ["holdfast.E004"]


def test_an_environment_that_cannot_be_read_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKUP_RETENTION_WEEKLY", "some")
    assert ids() == ["holdfast.E005"]


def test_a_key_for_encryption_that_there_is_not_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKUP_ENCRYPTION_KEY", "age1something")
    assert ids() == ["holdfast.E010"]
    with override_settings(HOLDFAST={}):
        assert not any("age1something" in f"{message.msg} {message.hint}" for message in check_settings())
    conf.load()
    monkeypatch.setenv("BACKUP_ENCRYPTION_KEY", "")
    assert ids() == []


@pytest.mark.parametrize("root", ["MEDIA_ROOT", "STATIC_ROOT"])
def test_a_folder_that_a_web_server_shows_is_an_error(tmp_path: Path, root: str) -> None:
    public = tmp_path / "public"
    public.mkdir()
    (tmp_path / "link").symlink_to(public)

    assert ids(HOLDFAST={"DIRECTORY": public}, **{root: str(public)}) == ["holdfast.E006"]
    assert ids(HOLDFAST={"DIRECTORY": public / "x" / "y"}, **{root: public}) == ["holdfast.E006"]
    assert ids(HOLDFAST={"DIRECTORY": tmp_path / "link"}, **{root: public}) == ["holdfast.E006"]
    assert ids(HOLDFAST={"DIRECTORY": tmp_path / "public2"}, **{root: public}) == []


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert ids(HOLDFAST={"DIRECTORY": tmp_path / "file" / "backups"}) == ["holdfast.E007"]


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # For root every folder can be written.
    monkeypatch.setattr(os, "access", lambda *_arguments: False)
    assert ids(HOLDFAST={"DIRECTORY": tmp_path}) == ["holdfast.E007"]


def test_an_alias_that_does_not_exist_is_an_error() -> None:
    assert ids(HOLDFAST={"DATABASES": ["default", "nope"]}) == ["holdfast.E008"]
    assert ids(HOLDFAST={"MAX_AGE": {"nope": "26h"}}) == ["holdfast.E008"]


def test_an_engine_that_is_not_supported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections["default"], "vendor", "oracle")

    assert ids(HOLDFAST={"DATABASES": ["default"]}) == ["holdfast.E009"]
    assert ids() == ["holdfast.W002"]


def test_a_policy_that_keeps_nothing_is_a_warning() -> None:
    nothing = dict.fromkeys(("last", "daily", "weekly", "monthly", "yearly", "days"), 0)
    assert ids(HOLDFAST={"RETENTION": nothing}) == ["holdfast.W001"]


@pytest.mark.parametrize("name", [":memory:", "file:memory?mode=memory&cache=shared"])
def test_a_default_database_in_memory_is_a_warning(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setitem(connections["default"].settings_dict, "NAME", name)
    assert ids() == ["holdfast.W003"]
