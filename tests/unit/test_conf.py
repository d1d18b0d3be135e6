"""Settings are read lazily, in one place, and refused with a reason."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from holdfast import conf
from holdfast.compression import Compression
from holdfast.exceptions import UsageError
from holdfast.retention import Retention


def test_without_settings_everything_has_a_default() -> None:
    from minimal_settings import BASE_DIR

    configuration = conf.load()

    assert configuration.directory == BASE_DIR / "backups"
    assert configuration.databases is None
    assert configuration.compression.name == "gzip"
    assert configuration.jobs is None
    assert configuration.retention == Retention(last=0, daily=30, weekly=12, monthly=12, yearly=0, days=0)
    assert configuration.lock_timeout_seconds == 10.0
    assert configuration.rate_limit is None


def test_without_a_base_folder_backups_go_where_the_process_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with override_settings(BASE_DIR=None):
        assert conf.load().directory == tmp_path / "backups"


def test_settings_are_read_each_time() -> None:
    with override_settings(HOLDFAST={"COMPRESSION": "zstd:7", "JOBS": 3}):
        assert conf.load().compression == Compression("zstd", 7)
        assert conf.load().jobs == 3
    assert conf.load().jobs is None


def test_everything_that_can_be_set_arrives(tmp_path: Path) -> None:
    given = {
        "DIRECTORY": str(tmp_path),
        "DATABASES": ["default"],
        "COMPRESSION": "gzip:6",
        "JOBS": "auto",
        "RETENTION": {"daily": 7, "last": 3, "days": 2},
        "LOCK_TIMEOUT": 3,
        "RATE_LIMIT": 1_000_000,
    }
    with override_settings(HOLDFAST=given):
        configuration = conf.load()

    assert configuration.directory == tmp_path
    assert configuration.databases == ("default",)
    assert configuration.compression == Compression("gzip", 6)
    assert configuration.retention == Retention(last=3, daily=7, weekly=12, monthly=12, yearly=0, days=2)
    assert configuration.lock_timeout_seconds == 3.0
    assert configuration.rate_limit == 1_000_000


def test_the_environment_fills_what_settings_leave_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKUP_DIR", str(tmp_path))
    monkeypatch.setenv("BACKUP_RETENTION_DAILY", "5")
    monkeypatch.setenv("BACKUP_RETENTION_WEEKLY", "")
    monkeypatch.setenv("BACKUP_RETENTION_MONTHLY", "0")
    monkeypatch.setenv("BACKUP_RETENTION_DAYS", "14")

    with override_settings(HOLDFAST={"RETENTION": {"daily": 9}}):
        configuration = conf.load()

    assert configuration.directory == tmp_path
    assert configuration.retention == Retention(daily=9, weekly=12, monthly=0)


def test_days_are_those_of_daily_backups(monkeypatch: pytest.MonkeyPatch) -> None:
    for days, daily in (("14", 14), ("0", 30), ("", 30)):
        monkeypatch.setenv("BACKUP_RETENTION_DAYS", days)
        assert conf.load().retention == Retention(daily=daily)
    monkeypatch.setenv("BACKUP_RETENTION_DAYS", "14")
    monkeypatch.setenv("BACKUP_RETENTION_DAILY", "5")
    assert conf.load().retention.daily == 5


def test_kinds_and_stores_have_rules_of_their_own() -> None:
    kinds = {"manual": {"days": 90}, "nightly": {"daily": 3, "recent": False}}
    offsite = {"BUCKET": "shop", "RETENTION": {"recent": False, "kinds": {"manual": {"last": 2}}}}
    with override_settings(HOLDFAST={"RETENTION": {"kinds": kinds}, "STORES": {"offsite": offsite}}):
        configuration = conf.load()
    rules = configuration.retention
    assert rules.of_kind("manual", is_scheduled=False) == replace(rules, last=10, days=90)
    assert rules.of_kind(None, is_scheduled=False) == replace(rules, last=10, days=7)
    # What is scheduled needs no days for what somebody remembers.
    assert rules.of_kind("nightly", is_scheduled=True) == replace(rules, daily=3, recent=False)
    there = configuration.stores[0].retention(rules)
    assert there.of_kind("manual", is_scheduled=False) == replace(there, last=2, days=7, recent=False)
    assert there.kinds["nightly"] == kinds["nightly"]
    assert Retention(last=10**12).as_dict()["last"] == 2**32 - 1


def test_a_setting_beats_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKUP_DIR", "/elsewhere")
    with override_settings(HOLDFAST={"DIRECTORY": tmp_path}):
        assert conf.load().directory == tmp_path


@pytest.mark.parametrize("text", ["many", "-1", "1.5", "٣"])
def test_an_environment_value_that_is_no_number_is_a_problem(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("BACKUP_RETENTION_DAYS", text)

    (problem,) = conf.problems()

    assert problem.code == "E005"
    assert f"BACKUP_RETENTION_DAYS={text!r}" in problem.message


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (["DIRECTORY"], "E001", "is a list"),
        ({"DIRECTROY": "/x"}, "E002", "Did you mean 'DIRECTORY'"),
        ({"directory": "/x"}, "E002", "Did you mean 'DIRECTORY'"),
        ({"COLOUR": 1}, "E002", "Known are: DIRECTORY"),
        ({"RETENTION": {"dayly": 1}}, "E002", "Did you mean 'daily'"),
        ({"DIRECTORY": 5}, "E003", "must be a path"),
        ({"DATABASES": "default"}, "E003", "a list of aliases"),
        ({"DATABASES": [1]}, "E003", "a list of aliases"),
        ({"DATABASES": []}, "E004", "is empty"),
        ({"COMPRESSION": 6}, "E003", "must be a text"),
        ({"COMPRESSION": "lz4"}, "E004", "choose gzip or zstd"),
        ({"COMPRESSION": "gzip:"}, "E004", "gzip:1 to gzip:12"),
        ({"COMPRESSION": "gzip:13"}, "E004", "gzip:1 to gzip:12"),
        ({"COMPRESSION": "zstd:0"}, "E004", "zstd:1 to zstd:19"),
        ({"JOBS": "four"}, "E003", "whole number"),
        ({"JOBS": True}, "E003", "whole number"),
        ({"JOBS": 0}, "E004", "holds 0"),
        ({"RETENTION": 30}, "E003", "must be a dictionary"),
        ({"RETENTION": {"daily": "30"}}, "E003", "'daily' is none"),
        ({"RETENTION": {"recent": 1}}, "E003", "True or False"),
        ({"RETENTION": {"kinds": ["manual"]}}, "E003", "one of kinds"),
        ({"RETENTION": {"kinds": {"manual": 3}}}, "E003", "must be a dictionary"),
        ({"RETENTION": {"kinds": {"manual": {"dayz": 1}}}}, "E002", "Did you mean 'days'"),
        ({"RETENTION": {"kinds": {"Manual": {"days": 1}}}}, "E003", "one of kinds"),
        ({"RETENTION": {"kinds": {"pre-migrate": {"days": 1}}}}, "E004", "PRE_MIGRATE"),
        ({"RETENTION": {"daily": -1}}, "E004", "holds -1"),
        ({"LOCK_TIMEOUT": "1s"}, "E003", "number of seconds"),
        ({"LOCK_TIMEOUT": float("nan")}, "E004", "more than 0"),
        ({"RATE_LIMIT": 1.5}, "E003", "whole number"),
        ({"RATE_LIMIT": 0}, "E004", "holds 0"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_reason(given: Any, code: str, said: str) -> None:
    with override_settings(HOLDFAST=given):
        (problem,) = conf.problems()
        with pytest.raises(UsageError) as refusal:
            conf.load()

    assert problem.code == code
    assert said in f"{problem.message} {problem.hint}"
    assert (refusal.value.message, refusal.value.hint) == (problem.message, problem.hint)


def test_all_problems_are_told_at_once() -> None:
    with override_settings(HOLDFAST={"JOBS": 0, "RATE_LIMIT": "fast", "COLOUR": "red"}):
        assert {problem.code for problem in conf.problems()} == {"E002", "E003", "E004"}
