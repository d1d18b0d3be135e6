"""`sync_backups` and `cleanup_backups` between stores: what is missing comes, what is different stays, each by itself."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import holdfast
from holdfast import _core, conf, places
from tests.deployment import Deployment
from tests.fault_proxy import FaultProxy, ShiftDates
from tests.object_stores import HOST, Bucket, ObjectStore
from tests.servers import free_port

NOW = datetime(2025, 11, 20, 2, 0, tzinfo=UTC)


@pytest.fixture
def site(stored_file: Deployment) -> Deployment:
    return replace(stored_file, settings={"STORES": stored_file.settings["STORES"]})


def make(deployment: Deployment, patch: pytest.MonkeyPatch, moment: datetime = NOW, **options: Any) -> str:
    """A backup that was made at this time, which cannot be had otherwise."""
    patch.setattr("holdfast.operations.creation._free_moment", lambda *_: moment)
    alias = options.pop("alias", "default")
    with deployment.in_process():
        return holdfast.backup(alias, **options).name


def empty(deployment: Deployment) -> None:
    shutil.rmtree(deployment.backups)


def copied(deployment: Deployment, *arguments: str) -> set[str]:
    document = deployment.run("sync_backups", "--dry-run", "--format", "json", *arguments).document()
    return {step["name"] for step in document["copied"]}


def test_what_is_missing_is_brought_in_both_directions_and_then_nothing(
    site: Deployment, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = make(site, monkeypatch)
    there = make(site, monkeypatch, NOW + timedelta(days=1), location="offsite")
    assert f"copy  {here}  local -> offsite" in site.run("sync_backups", "--dry-run").out
    assert here not in bucket.names()
    assert f"copied  {here}  local -> offsite" in site.run("sync_backups").out
    assert f"copied  {there}  offsite -> local" in site.run("sync_backups", "--from", "offsite").out
    for arguments in ((), ("--from", "offsite")):
        assert "0 copied, 2 there already, 0 left." in site.run("sync_backups", *arguments).out
    assert bucket.contents() == {
        name: (site.backups / name).read_bytes() for name in site.files() if not name.startswith(".")
    }
    empty(site)
    site.run("sync_backups", "--from", "offsite", "--to", "local")
    assert ": BAD" not in site.run("validate_backup", "--all", "--location", "local").out


def test_other_content_under_the_same_name_is_left_alone(
    site: Deployment, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = make(site, monkeypatch, location="offsite")
    assert make(site, monkeypatch) == name
    theirs = bucket.contents()
    ours = {path: path.read_bytes() for path in site.backups.glob("default_*")}
    for arguments in ((), ("--from", "offsite")):
        outcome = site.run("sync_backups", *arguments, code=5)
        assert f"LEFT  {name}" in outcome.out
        assert "conflict: another backup has this name there" in outcome.out
        assert "1 backups were left alone" in outcome.err
    assert f"{name} is another backup" in site.run("download_backup", name, code=1).err
    assert bucket.contents() == theirs
    assert {path: path.read_bytes() for path in site.backups.glob("default_*")} == ours
    # Two backups, not two places of one.
    assert site.run("list_backups").out.count(name) == 2


def test_filters_choose_by_database_kind_and_age(site: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    old = make(site, monkeypatch, now - timedelta(days=40), kind="daily")
    young = make(site, monkeypatch, now - timedelta(hours=2), kind="daily")
    weekly = make(site, monkeypatch, now - timedelta(hours=3), kind="weekly")
    second = make(site, monkeypatch, now - timedelta(hours=4), alias="second")
    assert copied(site) == {old, young, weekly, second}
    assert copied(site, "--database", "second") == {second}
    assert copied(site, "--type", "daily") == {old, young}
    assert copied(site, "--type", "daily", "--type", "weekly", "--newer-than", "30d") == {young, weekly}
    assert copied(site, "--database", "default", "--newer-than", "150m") == {young}
    assert "no length of time" in site.run("sync_backups", "--newer-than", "yesterday", code=2).err


def test_a_pin_travels_with_its_backup(site: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    name = make(site, monkeypatch)
    site.run("cleanup_backups", "--pin", name)
    site.run("sync_backups")
    (there,) = site.run("list_backups", "--location", "offsite", "--format", "json").document()
    assert there["pinned"] == "by hand"


def test_a_pin_keeps_every_copy(site: Deployment, object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    name = make(site, monkeypatch, upload=["offsite"])
    make(site, monkeypatch, NOW + timedelta(days=1), upload=["offsite"])
    site.run("cleanup_backups", "--pin", name)
    rules = (
        "--location",
        "all",
        "--keep-last",
        "1",
        "--keep-daily",
        "0",
        "--keep-weekly",
        "0",
        "--keep-monthly",
        "0",
        "--no-recent",
    )
    assert "0 to remove, 4 to keep." in site.run("cleanup_backups", *rules, "--dry-run").out
    down = object_store.bucket().settings(f"http://{HOST}:{free_port()}")
    partly = replace(site, settings={"STORES": {**site.settings["STORES"], "down": down}})
    assert "not for a copy in down" in partly.run("cleanup_backups", "--unpin", name, code=5).err
    assert "2 to remove, 2 to keep." in site.run("cleanup_backups", *rules, "--dry-run").out


def test_a_bad_backup_is_not_spread(site: Deployment, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    name = make(site, monkeypatch)
    (site.backups / name).write_bytes((site.backups / name).read_bytes()[:-1])
    assert "bad: " in site.run("sync_backups", code=5).out
    assert bucket.names() == []


def test_a_store_that_is_down_does_not_keep_the_others_from_their_copies(
    site: Deployment, bucket: Bucket, object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    down = object_store.bucket().settings(f"http://{HOST}:{free_port()}")
    site = replace(site, settings={"STORES": {"down": down, **site.settings["STORES"]}})
    name = make(site, monkeypatch)
    outcome = site.run("sync_backups", code=5)
    assert "the store down could not be asked" in outcome.out
    assert f"copied  {name}  local -> offsite" in outcome.out
    assert name in bucket.names()


def test_two_stores_of_one_service_need_no_detour(
    site: Deployment, bucket: Bucket, object_store: ObjectStore, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = object_store.bucket()
    stores = {"offsite": bucket.settings(proxy.endpoint), "other": other.settings(proxy.endpoint)}
    site = replace(site, settings={"STORES": stores})
    name = make(site, monkeypatch, location="offsite")
    proxy.heal()
    site.run("sync_backups", "--from", "offsite", "--to", "other")
    assert other.contents() == bucket.contents()
    assert proxy.count("CopyObject", ends=name) == 1
    assert proxy.count("PutObject", "UploadPart", ends=name) == 0
    assert all(file.startswith(".") for file in site.files())


def test_each_store_has_a_retention_of_its_own(
    site: Deployment, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = {"daily": 0, "weekly": 0, "monthly": 0, "recent": False}
    offsite = bucket.settings(RETENTION={**rules, "last": 1})
    site = replace(site, settings={"RETENTION": {**rules, "last": 2}, "STORES": {"offsite": offsite}})
    names = [make(site, monkeypatch, NOW + timedelta(days=day), kind="daily", upload=["offsite"]) for day in range(3)]
    plan = site.run("cleanup_backups", "--location", "all", "--dry-run").out
    assert f"remove  {names[0]}" in plan
    assert f"keep    {names[1]}" in plan
    assert f"remove  offsite: {names[1]}" in plan
    assert "3 to remove, 3 to keep." in plan
    site.run("cleanup_backups", "--no-input")
    assert {name for name in bucket.names() if name.endswith("z")} == set(names)
    site.run("cleanup_backups", "--location", "offsite", "--no-input")
    assert {name for name in bucket.names() if name.endswith("z")} == {names[2]}
    assert {path.name for path in site.backups.glob("*.gz")} == set(names[1:])
    assert all(name.startswith(names[2]) for name in bucket.names())


def test_a_store_tells_what_came_late_by_its_own_clock(
    site: Deployment, bucket: Bucket, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = replace(site, settings={"STORES": {"offsite": bucket.settings(proxy.endpoint)}})
    now = datetime.now(UTC).replace(microsecond=0)
    backdated = make(site, monkeypatch, now - timedelta(days=2), upload=["offsite"])
    fresh = make(site, monkeypatch, now - timedelta(hours=1), upload=["offsite"])

    def late(location: str) -> dict[str, bool]:
        with site.in_process():
            question = places.question([places.store(conf.load(), location)])
            return {listed["name"]: listed["late"] for listed in _core.list_backups(question, lambda _event: None)}

    assert late("offsite") == {backdated: True, fresh: False}
    # Times of files in a folder are as anybody likes them, and change when it is copied.
    assert late("local") == {backdated: False, fresh: False}
    proxy.add(ShiftDates(2 * 86_400), "ListObjectsV2", times=None)
    assert late("offsite") == {backdated: False, fresh: False}


def test_names_remove_in_each_place_what_is_there(site: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = (make(site, monkeypatch, NOW + timedelta(days=day), upload=["offsite"]) for day in range(2))
    here = make(site, monkeypatch, NOW + timedelta(days=2))
    # The newest of a place is the way back for whoever has lost the others.
    assert "--force" in site.run("cleanup_backups", new, "--location", "offsite", "--no-input", code=2).err
    told = site.run("cleanup_backups", old, "--location", "all", "--no-input").out
    assert f"removed  {old}\nremoved  offsite: {old}\n2 removed." in told
    listed = site.run("list_backups", "--format", "json").document()
    assert {one["name"]: one["locations"] for one in listed} == {here: ["local"], new: ["local", "offsite"]}


def test_what_a_conflict_advises_works(site: Deployment, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    name = make(site, monkeypatch, location="offsite")
    make(site, monkeypatch)
    make(site, monkeypatch, NOW + timedelta(days=1), upload=["offsite"])
    advice = "cleanup_backups NAME --location STORE"
    assert advice in site.run("download_backup", name, code=1).err
    command, *rest = advice.replace("NAME", name).replace("STORE", "offsite").split()
    site.run(command, *rest, "--no-input")
    assert name not in bucket.names()
    site.run("sync_backups")
    assert bucket.read(name) == (site.backups / name).read_bytes()


def test_where_versions_are_kept_and_locked_a_removal_hides(
    site: Deployment, object_store_with_tags: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = object_store_with_tags.bucket(ObjectLockEnabledForBucket=True)
    client = object_store_with_tags.client()
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 30}}
    configuration = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    client.put_object_lock_configuration(Bucket=locked.name, ObjectLockConfiguration=configuration)
    site = replace(site, settings={"STORES": {"locked": locked.settings()}}, variables=locked.variables())
    old, new = (make(site, monkeypatch, NOW + timedelta(days=day), location="locked") for day in range(2))
    rules = ("--keep-last", "1", "--keep-daily", "0", "--keep-weekly", "0", "--keep-monthly", "0", "--no-recent")
    assert "1 removed, 1 kept." in site.run("cleanup_backups", "--location", "locked", *rules, "--no-input").out
    listed = site.run("list_backups").out
    assert old not in listed
    assert new in listed
    versions = client.list_object_versions(Bucket=locked.name, Prefix=locked.key(old))["Versions"]
    assert locked.key(old) in {version["Key"] for version in versions}
    told = site.run("check_backups").out
    assert "keeps versions" in told
    assert "locks its objects" in told


def test_remains_of_dead_uploads_are_shown_and_removed_after_a_day(
    site: Deployment, bucket: Bucket, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = replace(site, settings={"STORES": {"offsite": bucket.settings(proxy.endpoint)}})
    whole = make(site, monkeypatch, location="offsite")
    orphan = "default_daily_20260101T000000Z.sqlite3.gz"
    bucket.write(orphan, b"data without a manifest")
    bucket.write("readme.txt", b"of somebody else")
    client = bucket.store.client()
    client.create_multipart_upload(Bucket=bucket.name, Key=bucket.key("default_daily_20260102T000000Z.sqlite3.gz"))
    clean = ("cleanup_backups", "--location", "offsite", "--keep-last", "9")
    assert "0 to remove, 1 to keep." in site.run(*clean, "--dry-run").out
    for action in ("ListObjectsV2", "ListMultipartUploads"):
        proxy.add(ShiftDates(2 * 86_400), action, times=None)
    shown = site.run(*clean, "--dry-run").out
    assert f"remove  offsite: {orphan}  (file that belongs to no backup, 23 bytes)" in shown
    assert "unfinished upload that belongs to no backup" in shown
    assert "2 to remove, 1 to keep." in shown
    assert "2 removed, 1 kept." in site.run(*clean, "--no-input").out
    assert {name for name in bucket.names() if not name.startswith(whole)} == {"readme.txt"}
    assert bucket.uploads() == []
