"""`HOLDFAST["STORES"]`: what arrives at the core, and what is refused before it could."""

from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from holdfast import conf, places
from holdfast.exceptions import UsageError
from holdfast.retention import Retention


def stores(**options: Any) -> Any:
    """Settings with one store."""
    return override_settings(HOLDFAST={"DIRECTORY": "/backups", "STORES": {"offsite": {"BUCKET": "shop", **options}}})


def plan(**options: Any) -> dict[str, Any]:
    with stores(**options):
        return places.store(conf.load(), "offsite")


def test_a_bucket_is_enough() -> None:
    assert plan() == {
        "kind": "s3",
        "name": "offsite",
        "bucket": "shop",
        "listing_cache": "/backups/.offsite.listing",
    }


def test_everything_that_can_be_set_arrives() -> None:
    given = {
        "PREFIX": "/backups/shop/",
        "REGION": "eu-central-1",
        "ENDPOINT": "https://s3.example.com",
        "ADDRESSING": "virtual",
        "PROFILE": "backup",
        "STORAGE_CLASS": "STANDARD_IA",
        "PART_SIZE": 16 * 1024 * 1024,
        "CONCURRENCY": 8,
        "BANDWIDTH_LIMIT": 1_000_000,
        "TIMEOUT": 20,
        "CHECKSUMS": "md5",
        "TAGS": {"team": "shop"},
    }
    arrived = plan(**given)
    names = {"TIMEOUT": "timeout_seconds"}
    for key, value in given.items():
        expected = "backups/shop" if key == "PREFIX" else value
        assert arrived[names.get(key, key.lower())] == expected, key


@pytest.mark.parametrize(
    ("given", "arrives"),
    [
        ({"ENCRYPTION": "AES256"}, {"kind": "aes256"}),
        ({"ENCRYPTION": "aws:kms"}, {"kind": "kms", "key": None}),
        ({"KMS_KEY": "alias/backups"}, {"kind": "kms", "key": "alias/backups"}),
        ({"ENCRYPTION": "aws:kms", "KMS_KEY": "alias/backups"}, {"kind": "kms", "key": "alias/backups"}),
    ],
)
def test_encryption_has_two_keys(given: dict[str, str], arrives: dict[str, Any]) -> None:
    assert plan(**given)["encryption"] == arrives


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ({"BUCKET": ""}, "E004", "names no bucket"),
        ({"BUCKET": 5}, "E003", "a text that is not empty"),
        ({"BUKET": "x"}, "E002", "Did you mean 'BUCKET'"),
        ({"bucket": "x"}, "E002", "Did you mean 'BUCKET'"),
        ({"PREFIX": 1}, "E003", "must be a text"),
        ({"ADDRESSING": "dns"}, "E004", "auto, path, virtual"),
        ({"CHECKSUMS": "sha256"}, "E004", "auto, crc32, md5"),
        ({"ENCRYPTION": "rot13"}, "E004", "AES256"),
        ({"ENCRYPTION": "AES256", "KMS_KEY": "alias/x"}, "E004", "with a KMS_KEY"),
        ({"PART_SIZE": 1024}, "E004", "holds 1024"),
        ({"PART_SIZE": 6 * 1024**3}, "E004", "Nothing above"),
        ({"CONCURRENCY": 0}, "E004", "holds 0"),
        ({"CONCURRENCY": 65}, "E004", "Nothing above 64"),
        ({"BANDWIDTH_LIMIT": "fast"}, "E003", "whole number"),
        ({"TIMEOUT": 0}, "E003", "seconds above 0"),
        ({"TIMEOUT": True}, "E003", "seconds above 0"),
        ({"TAGS": ["team"]}, "E003", "a dictionary of texts"),
        ({"TAGS": {"team": 1}}, "E003", "a dictionary of texts"),
        ({"RETENTION": {"dayly": 1}}, "E002", "Did you mean 'daily'"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_reason(options: dict[str, Any], code: str, said: str) -> None:
    with stores(**options):
        (problem,) = conf.problems()
        with pytest.raises(UsageError):
            conf.load()
    assert problem.code == code
    assert said in f"{problem.message} {problem.hint}"
    assert "offsite" in problem.message


@pytest.mark.parametrize("key", ["SECRET_KEY", "ACCESS_KEY", "AWS_SECRET_ACCESS_KEY", "access_key_id", "SESSION_TOKEN"])
def test_credentials_do_not_belong_in_settings_and_are_not_repeated(key: str) -> None:
    with stores(**{key: "wJalrXUtnFEMI"}):
        (problem,) = conf.problems()
    assert problem.code == "E002"
    assert "credentials do not belong in settings" in problem.message
    assert "environment, a profile, or the machine's role" in str(problem.hint)
    assert "wJalrXUtnFEMI" not in f"{problem.message} {problem.hint}"


@pytest.mark.parametrize("name", ["local", "all", "Offsite", "off site", "", "../x", 5])
def test_a_store_has_a_name_that_can_be_typed(name: object) -> None:
    with override_settings(HOLDFAST={"STORES": {name: {"BUCKET": "shop"}}}):
        (problem,) = conf.problems()
    assert problem.code == "E004"
    assert repr(name) in problem.message


@pytest.mark.parametrize("given", [["offsite"], "offsite", {"offsite": "shop"}])
def test_stores_are_dictionaries(given: object) -> None:
    with override_settings(HOLDFAST={"STORES": given}):
        (problem,) = conf.problems()
    assert problem.code == "E003"
    assert "a dictionary" in str(problem.hint)


def test_the_folder_comes_first_and_an_unknown_name_tells_the_known_ones() -> None:
    given = {"frankfurt": {"BUCKET": "one"}, "dublin": {"BUCKET": "two"}}
    with override_settings(HOLDFAST={"STORES": given}):
        configuration = conf.load()
    assert places.names(configuration, "all") == ["local", "frankfurt", "dublin"]
    with pytest.raises(UsageError) as refusal:
        places.store(configuration, "paris")
    assert "'paris'" in refusal.value.message
    assert refusal.value.hint == "Known are: local, frankfurt, dublin."


def test_a_store_overrides_single_rules_of_retention() -> None:
    with override_settings(
        HOLDFAST={"RETENTION": {"daily": 7}, "STORES": {"offsite": {"BUCKET": "shop", "RETENTION": {"monthly": 24}}}}
    ):
        configuration = conf.load()
    assert configuration.stores[0].retention(configuration.retention) == Retention(daily=7, weekly=12, monthly=24)


@pytest.mark.parametrize("variable", ["BACKUP_S3_BUCKET", "AWS_S3_BACKUP_BUCKET"])
def test_the_environment_names_one_store(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "shop")
    monkeypatch.setenv("BACKUP_S3_PREFIX", "backups/")
    monkeypatch.setenv("BACKUP_S3_REGION", "eu-central-1")
    monkeypatch.setenv("BACKUP_S3_RETENTION_DAYS", "90")
    (store,) = conf.load().stores
    assert store.name == "s3"
    assert store.options == {"bucket": "shop", "prefix": "backups", "region": "eu-central-1"}
    assert store.retention(Retention()) == Retention(daily=90)


def test_the_bucket_is_all_that_the_environment_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert conf.load().stores == ()
    monkeypatch.setenv("BACKUP_S3_BUCKET", "shop")
    monkeypatch.setenv("BACKUP_S3_REGION", "")
    monkeypatch.setenv("BACKUP_S3_RETENTION_DAYS", "")
    (store,) = conf.load().stores
    assert store.plan(Path("/backups"))["bucket"] == "shop"
    assert "region" not in store.options
    assert store.retention(Retention(daily=5)) == Retention(daily=5)


def test_settings_beat_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKUP_S3_BUCKET", "shop")
    with override_settings(HOLDFAST={"STORES": {}}):
        assert conf.load().stores == ()


def test_a_number_of_days_that_is_none_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKUP_S3_BUCKET", "shop")
    monkeypatch.setenv("BACKUP_S3_RETENTION_DAYS", "ninety")
    (problem,) = conf.problems()
    assert problem.code == "E005"
    assert "BACKUP_S3_RETENTION_DAYS='ninety'" in problem.message


def test_a_cache_of_fetched_backups_is_off_unless_it_has_a_size() -> None:
    assert conf.load().cache_size == 0
    with override_settings(HOLDFAST={"CACHE_SIZE": 10**9}):
        assert conf.load().cache_size == 10**9
    with override_settings(HOLDFAST={"CACHE_SIZE": "1 GB"}):
        (problem,) = conf.problems()
    assert problem.code == "E003"
