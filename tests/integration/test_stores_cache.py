"""What is not fetched again: backups that were restored before, and manifests that were listed before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

import holdfast
from tests.deployment import Deployment
from tests.fault_proxy import FaultProxy
from tests.object_stores import Bucket

NOW = datetime(2025, 11, 20, 2, 0, tzinfo=UTC)
# Room for two backups of the test's database, and not for three.
ROOM = 2.5


@pytest.fixture
def site(stored_file: Deployment, bucket: Bucket, proxy: FaultProxy) -> Deployment:
    stores = {"offsite": bucket.settings(proxy.endpoint)}
    return replace(stored_file, settings={"DATABASES": ["default"], "STORES": stores})


def make(site: Deployment, patch: pytest.MonkeyPatch, day: int = 0) -> holdfast.Report:
    patch.setattr("holdfast.operations.creation._free_moment", lambda *_: NOW + timedelta(days=day))
    with site.in_process():
        return holdfast.backup("default", location="offsite")


def caching(site: Deployment, size: float) -> Deployment:
    return replace(site, settings={**site.settings, "CACHE_SIZE": int(size)})


def read(site: Deployment, name: str) -> None:
    """Read a backup as a restore does, and change nothing."""
    with site.in_process():
        holdfast.plan_restore(name)


def cached(site: Deployment) -> set[str]:
    return {path.name for path in (site.backups / ".cache" / "offsite").glob("*.gz")}


def test_a_second_restore_fetches_nothing(site: Deployment, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make(site, monkeypatch)
    site = caching(site, 10 * made.stored_size)
    before = site.state()
    for fetched in (True, False):
        proxy.heal()
        site.wreck()
        site.run("restore_db", made.name, "--no-input", "--no-safety-backup")
        site.assert_unchanged({"default": before})
        assert bool(proxy.count("GetObject", ends=made.name)) is fetched
    # What lies in the cache is no backup of this machine.
    (listed,) = site.run("list_backups", "--format", "json").document()
    assert listed["locations"] == ["offsite"]
    assert site.run("list_backups", "--location", "local").out.startswith("There are no such backups")


def test_without_a_size_nothing_is_kept(site: Deployment, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make(site, monkeypatch)
    for _ in range(2):
        proxy.heal()
        read(site, made.name)
        assert proxy.count("GetObject", ends=made.name)
    assert not (site.backups / ".cache").exists()
    # Nor what the cache has no room for.
    read(caching(site, made.stored_size - 1), made.name)
    assert cached(site) == set()


def test_what_was_used_least_recently_goes_first(site: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third = (make(site, monkeypatch, day) for day in range(3))
    site = caching(site, ROOM * first.stored_size)
    for made in (first, second, first, third):
        read(site, made.name)
    assert cached(site) == {first.name, third.name}


def test_an_object_that_was_replaced_is_not_served_from_the_cache(
    site: Deployment, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = make(site, monkeypatch)
    site = caching(site, 10 * old.stored_size)
    read(site, old.name)
    for name in bucket.names():
        bucket.remove(name)
    site.execute("CREATE TABLE made_since (id integer PRIMARY KEY); INSERT INTO made_since VALUES (1); SELECT 1")
    new = make(site, monkeypatch)
    assert (new.name, new.id == old.id) == (old.name, False)
    with site.in_process():
        preview = holdfast.plan_restore(new.name)
    assert ("made_since", 1) in {(table.label, table.after) for table in preview.tables}
    assert cached(site) == {new.name}


@pytest.mark.parametrize("where", ["middle", "end"])
def test_a_copy_that_the_disk_has_damaged_is_fetched_again(
    site: Deployment, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    made = make(site, monkeypatch)
    site = caching(site, 10 * made.stored_size)
    read(site, made.name)
    copy = site.backups / ".cache" / "offsite" / made.name
    content = bytearray(copy.read_bytes())
    content[{"middle": len(content) // 2, "end": -20}[where]] ^= 1
    copy.write_bytes(content)
    before = site.state()
    site.wreck()
    site.run("restore_db", made.name, "--no-input", "--no-safety-backup")
    site.assert_unchanged({"default": before})
    assert copy.read_bytes() == bucket.read(made.name)


def test_a_second_listing_asks_for_what_is_new_alone(
    site: Deployment, bucket: Bucket, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 5
    names = [make(site, monkeypatch, day).name for day in range(count)]
    (site.backups / ".offsite.listing").unlink(missing_ok=True)
    listing = []
    for expected in (count, 0):
        proxy.heal()
        listing.append(site.run("list_backups", "--location", "offsite", "--format", "json").document())
        assert proxy.count("GetObject") == expected
        assert proxy.count() <= expected + 2
    assert listing[0] == listing[1]
    assert {backup["name"] for backup in listing[1]} == set(names)
    newest = make(site, monkeypatch, count).name
    with site.in_process():
        holdfast.pin(names[0], "for the test")
        proxy.heal()
        backups = holdfast.list_backups(location="offsite")
    assert {backup.name for backup in backups} == {*names, newest}
    assert [backup.name for backup in backups if backup.pinned] == [names[0]]
    # The manifest of the new one, and the status of the one that was pinned.
    assert proxy.count("GetObject") == 2
    assert proxy.count() <= 4
    bucket.remove(f"{names[1]}.json")
    with site.in_process():
        assert names[1] not in {backup.name for backup in holdfast.list_backups(location="offsite")}


def test_a_validation_fetches_once_what_it_reads_several_times(
    site: Deployment, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make(site, monkeypatch)
    proxy.heal()
    assert "good (restored" in site.run("validate_backup", made.name, "--deep").out
    # Its end, its manifest and its data, once each.
    assert proxy.count("GetObject", ends=made.name) == 3
    assert not (site.backups / ".cache").exists()
