"""A bucket as the only home of backups: they come back from there exactly, and whatever was killed leaves no trace."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import Any

import pytest

from tests.deployment import Deployment
from tests.fault_proxy import FaultProxy, ShiftDates
from tests.integration.test_kill import Kills
from tests.object_stores import Bucket, ObjectStore
from tests.project.snapshot import differences
from tests.templates import Deploy

STORE = "offsite"
ROUNDS = 25
DAYS = 24 * 60 * 60


def with_stores(site: Deployment, **stores: dict[str, Any]) -> Deployment:
    return replace(site, settings={**site.settings, "STORES": stores})


def with_bucket(site: Deployment, bucket: Bucket) -> Deployment:
    return replace(with_stores(site, **{STORE: bucket.settings()}), variables=bucket.variables())


def listed(site: Deployment, *options: str) -> list[dict[str, Any]]:
    backups: list[dict[str, Any]] = site.run(
        "list_backups", "--location", STORE, "--format", "json", *options
    ).document()
    return backups


def test_a_bucket_alone_brings_everything_back(everywhere: Deployment, bucket: Bucket) -> None:
    site = with_bucket(everywhere, bucket)
    before = site.states()
    site.run("backup_db", "--location", STORE)
    assert site.files() == []
    shutil.rmtree(site.backups, ignore_errors=True)
    assert {backup["alias"] for backup in listed(site)} == set(before)
    site.run("validate_backup", "--all", "--location", STORE)
    for alias in before:
        site.wreck(alias)
        assert differences(before[alias], site.state(alias)) != {}
        where = ("--database", alias, "--location", STORE)
        site.run("restore_db", "latest", *where, "--no-input", "--no-safety-backup", "--owners")
    site.assert_unchanged(before)
    assert site.litter() == []


def test_a_drill_from_a_bucket(deployment: Deployment, bucket: Bucket) -> None:
    site = with_bucket(deployment, bucket)
    site.run("backup_db", "--location", STORE)
    assert "restored" in site.run("validate_backup", "--all", "--deep", "--location", STORE).text


def test_a_second_sync_has_nothing_to_do(sqlite: Deployment, bucket: Bucket, proxy: FaultProxy) -> None:
    stores = {STORE: bucket.settings(proxy.endpoint)}
    site = replace(with_stores(sqlite, **stores), variables=bucket.variables())
    site.run("backup_db")
    site.run("backup_db", "--location", STORE)
    whole = sorted({*site.files(), *bucket.names()})
    for direction in (("--to", STORE), ("--from", STORE)):
        site.run("sync_backups", *direction)
    assert [sorted(names) for names in (site.files(), bucket.names())] == [whole, whole]
    files = {name: (site.backups / name).stat().st_mtime_ns for name in site.files()}
    for direction in (("--to", STORE), ("--from", STORE)):
        proxy.heal()
        site.run("sync_backups", *direction)
        assert {request.method for request in proxy.requests} <= {"GET", "HEAD"}
        assert proxy.count("GetObject", ends=".gz") == 0
    assert {name: (site.backups / name).stat().st_mtime_ns for name in site.files()} == files


def test_from_one_bucket_to_another(sqlite: Deployment, object_store: ObjectStore) -> None:
    here, there = object_store.bucket("one"), object_store.bucket("other/place")
    site = replace(
        with_stores(sqlite, here=here.settings(), there=there.settings()), variables=object_store.variables()
    )
    site.run("backup_db", "--location", "here")
    site.run("sync_backups", "--from", "here", "--to", "there")
    assert there.contents() == here.contents()
    assert site.files() == []
    site.run("validate_backup", "--all", "--location", "there")


@pytest.fixture
def noisy(deploy: Deploy) -> Deployment:
    """Large enough for several parts."""
    site = replace(deploy("sqlite"), settings={"DATABASES": ["default"]})
    site.execute("CREATE TABLE noise (body blob); INSERT INTO noise VALUES (randomblob(20000000)); SELECT 1")
    return site


KILLED = {
    "to the bucket alone": ("backup_db", "--location", STORE),
    "to the folder and the bucket": ("backup_db", "--upload"),
}


@pytest.mark.parametrize("way", KILLED)
def test_killed_uploads_leave_no_trace(noisy: Deployment, bucket: Bucket, proxy: FaultProxy, way: str) -> None:
    site = with_bucket(noisy, bucket)
    # Slow enough for most of the kills to meet the upload itself.
    site = with_stores(site, **{STORE: bucket.settings(PART_SIZE=5 << 20, BANDWIDTH_LIMIT=20 << 20)})
    command = KILLED[way]
    kills = Kills(site, command, ROUNDS)
    begun = 0
    while not kills.is_over:
        kills.strike()
        begun = max(begun, len(bucket.uploads()))
    assert begun > 0
    assert all(backup["problem"] is None for backup in listed(site))
    site.run("validate_backup", "--all", "--location", STORE)

    # Whatever is younger than a day may belong to a run at work.
    cleanup = ("cleanup_backups", "--location", STORE, "--keep-last", "100")
    there, uploads = bucket.names(), bucket.uploads()
    site.run(*cleanup, "--no-input")
    assert (bucket.names(), bucket.uploads()) == (there, uploads)

    # A day later.
    proxy.add(ShiftDates(2 * DAYS), times=None)
    later = with_stores(site, **{STORE: bucket.settings(proxy.endpoint)})
    shown = later.run(*cleanup, "--dry-run").text
    assert "unfinished" in shown
    assert (bucket.names(), bucket.uploads()) == (there, uploads)
    whole = {backup["name"] for backup in listed(site)}
    later.run(*cleanup, "--no-input")
    assert bucket.uploads() == []
    assert {name for name in bucket.names() if name.endswith(".gz")} == whole
    assert all(name.split(".gz")[0] + ".gz" in whole for name in bucket.names())
    site.run("validate_backup", "--all", "--location", STORE)
