"""Backups in stores beside the folder: written, found, restored from there, and what a broken store may cost."""

from __future__ import annotations

import json
import re
import shutil
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import holdfast
from tests.deployment import Deployment
from tests.fault_proxy import FaultProxy
from tests.object_stores import HOST, Bucket, ObjectStore
from tests.servers import free_port

# A table that fills several chunks, and one that fills none.
LARGE_AND_SMALL = """
    CREATE TABLE large (id integer PRIMARY KEY, noise text);
    INSERT INTO large SELECT number, md5(number::text) || md5((-number)::text) FROM generate_series(1, 300000) number;
    CREATE TABLE small (id integer PRIMARY KEY);
    INSERT INTO small SELECT generate_series(1, 100);
"""


def having(deployment: Deployment, **stores: Any) -> Deployment:
    """The same site with more stores, or others."""
    known = deployment.settings.get("STORES", {})
    return replace(deployment, settings={**deployment.settings, "STORES": {**known, **stores}})


def listed(deployment: Deployment, *arguments: str) -> list[dict[str, Any]]:
    document: list[dict[str, Any]] = deployment.run("list_backups", "--format", "json", *arguments).document()
    return document


def visible(deployment: Deployment) -> dict[str, bytes]:
    return {name: (deployment.backups / name).read_bytes() for name in deployment.files() if not name.startswith(".")}


def test_one_run_writes_the_folder_and_every_store(
    stored_file: Deployment, bucket: Bucket, object_store: ObjectStore
) -> None:
    second = object_store.bucket(prefix="")
    site = having(stored_file, second=second.settings())
    (made,) = site.run("backup_db", "--upload", "--format", "json").document()["backups"]
    assert made["location"] == "local"
    assert made["missing"] == []
    here = visible(site)
    assert set(here) == {made["name"], f"{made['name']}.json", f"{made['name']}.sha256"}
    assert bucket.contents() == second.contents() == here
    (backup,) = listed(site)
    assert backup["locations"] == ["local", "offsite", "second"]
    assert "local, offsite, second" in site.run("list_backups").out


def test_only_the_stores_that_are_named_get_a_copy(stored_file: Deployment, object_store: ObjectStore) -> None:
    second = object_store.bucket()
    site = having(stored_file, second=second.settings())
    site.run("backup_db", "--upload", "offsite")
    assert second.names() == []
    refused = site.run("backup_db", "--upload", "third", code=2)
    assert "there is no store 'third'" in refused.err
    assert "local, offsite, second" in refused.err


def test_a_store_that_fails_costs_its_copy_alone(
    stored_file: Deployment, bucket: Bucket, object_store: ObjectStore
) -> None:
    later = Bucket(object_store, "made-after-the-first-try", "shop")
    site = having(stored_file, later=later.settings())
    outcome = site.run("backup_db", "--upload", "--format", "json", code=5)
    (made,) = outcome.document()["backups"]
    (missing,) = made["missing"]
    assert missing["store"] == "later"
    assert "no bucket made-after-the-first-try" in missing["message"]
    assert "not in later" in outcome.err
    assert "sync_backups" in outcome.err
    assert made["name"] in visible(site)
    assert bucket.contents() == visible(site)
    object_store.client().create_bucket(Bucket=later.name)
    assert "1 copied, 1 there already, 0 left." in site.run("sync_backups").out
    assert later.contents() == visible(site)
    assert "0 copied, 2 there already, 0 left." in site.run("sync_backups").out


def test_a_backup_in_a_store_alone_comes_back_exactly(stored: Deployment, bucket: Bucket) -> None:
    before = stored.state()
    line = stored.run("backup_db", "--location", "offsite").out
    assert line.rstrip().endswith("in offsite")
    assert visible(stored) == {}
    (data,) = [name for name in bucket.names() if name.endswith("z")]
    shutil.rmtree(stored.backups)
    stored.wreck()
    plan = stored.run("restore_db", data, "--dry-run").out
    assert f"Restore {data} of " in plan
    assert "from the store offsite" in plan
    stored.run("restore_db", "latest", "--no-input", "--no-safety-backup", "--verify")
    stored.assert_unchanged({"default": before})
    assert visible(stored) == {}
    assert "good (restored" in stored.run("validate_backup", "latest", "--deep").out + stored.run("list_backups").out
    assert f"offsite: {data}: good" in stored.run("validate_backup", "--all", "--location", "offsite").out


def test_backups_in_a_store_follow_each_other_as_fast_as_they_like(stored_file: Deployment) -> None:
    with stored_file.in_process():
        reports = [holdfast.backup("default", location="offsite") for _ in range(3)]
        listed = holdfast.list_backups(location="offsite")
    assert [backup.name for backup in listed] == [report.name for report in reversed(reports)]


def test_a_part_is_restored_from_its_ranges_alone(
    postgresql_with: Callable[[str], Deployment], bucket: Bucket, proxy: FaultProxy
) -> None:
    site = postgresql_with(LARGE_AND_SMALL)
    site = having(replace(site, variables=bucket.variables()), offsite=bucket.settings(proxy.endpoint))
    (made,) = site.run("backup_db", "--location", "offsite", "--format", "json").document()["backups"]
    site.execute("DELETE FROM small")
    proxy.heal()
    site.run("restore_db", "latest", "--table", "small", "--no-input", "--no-safety-backup")
    assert site.execute("SELECT count(*), sum(id) FROM small") == [("100", "5050")]
    ranges = [
        re.fullmatch(r"bytes=(\d+)-(\d+)", request.head.get("range"))
        for request in proxy.requests
        if request.action == "GetObject" and request.key.endswith(made["name"])
    ]
    assert ranges
    fetched = sum(int(found[2]) - int(found[1]) + 1 for found in ranges if found)
    assert None not in ranges
    # Once for the plan, once for the restore: definitions, one small table, the ends of the file.
    assert fetched < made["stored_size"] / 10


def test_latest_is_the_newest_of_all_places_and_the_nearest_copy_of_it(stored_file: Deployment) -> None:
    stored_file.run("backup_db")
    stored_file.run("backup_db", "--location", "offsite", "--type", "daily")
    newest, older = listed(stored_file)
    assert (newest["kind"], newest["locations"]) == ("daily", ["offsite"])
    assert (older["kind"], older["locations"]) == ("manual", ["local"])
    plan = stored_file.run("restore_db", "--dry-run").out
    assert f"Restore {newest['name']} of {newest['created']} from the store offsite" in plan
    plan = stored_file.run("restore_db", "--dry-run", "--location", "local").out
    assert f"Restore {older['name']} of {older['created']}\n" in plan
    assert str(stored_file.backups / newest["name"]) in stored_file.run("download_backup").out
    plan = stored_file.run("restore_db", "--dry-run").out
    assert f"Restore {newest['name']} of {newest['created']}\n" in plan


def test_a_store_that_is_down_is_told_of_while_another_has_the_backup(stored_file: Deployment, bucket: Bucket) -> None:
    before = stored_file.state()
    stored_file.run("backup_db")
    site = having(stored_file, offsite=bucket.settings(f"http://{HOST}:{free_port()}"))
    stored_file.wreck()
    for arguments in (("list_backups",), ("restore_db", "latest", "--no-input", "--no-safety-backup")):
        assert "the store offsite could not be asked" in site.run(*arguments).text
    stored_file.assert_unchanged({"default": before})
    alone = site.run("list_backups", "--location", "offsite", code=1)
    assert "cannot list s3://" in alone.err
    assert "cannot be reached" in alone.err
    unknown = site.run("restore_db", "default_daily", "--no-input", code=1)
    assert "cannot be reached" in unknown.err


def test_a_link_serves_the_file_to_whoever_has_it(stored_file: Deployment, bucket: Bucket) -> None:
    stored_file.run("backup_db", "--upload")
    (name,) = [name for name in bucket.names() if name.endswith("z")]
    address = stored_file.run("list_backups", name, "--url", "--expires", "5m").out.strip()
    with urllib.request.urlopen(address) as answer:  # noqa: S310 - the address of our own server
        assert answer.read() == bucket.read(name)
    assert bucket.store.secret_key not in address
    assert "X-Amz-Expires=300" in address
    assert "up to 7 days" in stored_file.run("list_backups", name, "--url", "--expires", "8d", code=2).err
    assert "no length of time" in stored_file.run("list_backups", name, "--url", "--expires", "soon", code=2).err
    assert "one backup" in stored_file.run("list_backups", "--url", code=2).err


def test_a_quick_look_notices_an_object_in_the_place_of_another(stored_file: Deployment, bucket: Bucket) -> None:
    stored_file.run("backup_db", "--location", "offsite")
    (name,) = [name for name in bucket.names() if name.endswith("z")]
    assert "good (looked at, not read" in stored_file.run("validate_backup", name, "--quick").out
    content = bucket.read(name)
    bucket.write(name, bytes(len(content)))
    outcome = stored_file.run("validate_backup", name, "--quick", code=3)
    assert f"offsite: {name}: BAD" in outcome.out
    assert "BAD" not in stored_file.run("list_backups").out
    stored_file.run("restore_db", name, "--no-input", code=3)


def test_a_backup_that_another_program_has_copied_is_judged_by_its_bytes(stored: Deployment, bucket: Bucket) -> None:
    before = stored.state()
    stored.run("backup_db", "--location", "offsite")
    (name,) = [name for name in bucket.names() if name.endswith("z")]
    bucket.copy_in_parts(name)
    assert "validate it without --quick" in stored.run("validate_backup", name, "--quick", code=3).out
    stored.run("validate_backup", name)
    stored.wreck()
    stored.run("restore_db", name, "--no-input", "--no-safety-backup")
    stored.assert_unchanged({"default": before})


def test_the_environment_alone_makes_a_store(stored_file: Deployment, bucket: Bucket) -> None:
    variables = {
        **stored_file.variables,
        "BACKUP_S3_BUCKET": bucket.name,
        "BACKUP_S3_PREFIX": "from/environment",
        "BACKUP_S3_REGION": bucket.store.region,
        "AWS_ENDPOINT_URL_S3": bucket.store.endpoint,
    }
    site = replace(stored_file, settings={"DATABASES": ["default"]}, variables=variables)
    site.run("backup_db", "--upload")
    keys = bucket.keys()
    assert all(key.startswith("from/environment/default_manual_") for key in keys)
    (backup,) = listed(site, "--location", "s3")
    assert backup["locations"] == ["s3"]


@pytest.mark.parametrize("command", ["backup_db", "list_backups", "sync_backups", "check_backups"])
def test_no_output_has_a_key_in_it(stored_file: Deployment, bucket: Bucket, command: str) -> None:
    arguments = {"backup_db": ["--upload"], "list_backups": ["--location", "offsite"]}.get(command, [])
    wrong = "wrong" + bucket.store.secret_key[5:]
    unknown = "GK" + "0" * 24
    stored_file.run("backup_db")
    for variables, said in (
        ({"AWS_SECRET_ACCESS_KEY": wrong}, "secret key does not belong"),
        ({"AWS_ACCESS_KEY_ID": unknown}, "does not know the access key"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "no credentials"),
    ):
        outcome = stored_file.run(
            command, *arguments, "--traceback", "--verbosity", "3", code=None, environment=variables
        )
        assert outcome.code in (1, 5)
        assert said in outcome.text, outcome.text
        written = outcome.text + "".join(
            path.read_bytes().decode("latin-1") for path in stored_file.backups.iterdir() if path.is_file()
        )
        for secret in (wrong, bucket.store.secret_key):
            assert secret not in written


def test_credentials_in_settings_are_refused(stored_file: Deployment, bucket: Bucket) -> None:
    site = having(stored_file, offsite=bucket.settings(SECRET_KEY=bucket.store.secret_key))
    for command, code in (("check", 1), ("backup_db", 2), ("list_backups", 2)):
        outcome = site.run(command, code=code)
        assert "credentials do not belong in settings" in outcome.err
        assert "The AWS SDK finds them" in outcome.err
        assert bucket.store.secret_key not in outcome.text


def test_check_backups_tries_every_store(stored_file: Deployment, bucket: Bucket, object_store: ObjectStore) -> None:
    site = having(stored_file, missing=Bucket(object_store, "there-is-no-such-bucket", "").settings())
    outcome = site.run("check_backups", "--format", "json", code=1)
    probes = {(probe["subject"], probe["ok"]) for probe in json.loads(outcome.out)["probes"]}
    assert ("store offsite", True) in probes
    assert ("store missing", False) in probes
    assert "there-is-no-such-bucket" in outcome.text
    assert bucket.keys() == []
