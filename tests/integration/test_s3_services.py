"""What a service is asked to do with an object, and what it is not asked where it would not understand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.deployment import Deployment
from tests.object_stores import Bucket, ObjectStore

STORE = "offsite"


def backed_up(sqlite: Deployment, bucket: Bucket, **more: Any) -> Deployment:
    settings = {"DATABASES": ["default"], "STORES": {STORE: bucket.settings(**more)}}
    site = replace(sqlite, settings=settings, variables=bucket.variables())
    site.run("backup_db", "--location", STORE, "--type", "daily")
    return site


def data_key(bucket: Bucket) -> str:
    (name,) = (name for name in bucket.names() if name.endswith(".gz"))
    return bucket.key(name)


def test_an_object_says_what_it_is(sqlite: Deployment, object_store_with_tags: ObjectStore) -> None:
    bucket = object_store_with_tags.bucket()
    backed_up(sqlite, bucket, STORAGE_CLASS="STANDARD_IA", ENCRYPTION="AES256", TAGS={"team": "web"})
    client, where = bucket.store.client(), {"Bucket": bucket.name, "Key": data_key(bucket)}
    head = client.head_object(**where)
    assert head["StorageClass"] == "STANDARD_IA"
    assert head["ServerSideEncryption"] == "AES256"
    assert (head["Metadata"]["alias"], head["Metadata"]["kind"]) == ("default", "daily")
    tags = {tag["Key"]: tag["Value"] for tag in client.get_object_tagging(**where)["TagSet"]}
    assert (tags["holdfast-alias"], tags["holdfast-kind"], tags["team"]) == ("default", "daily", "web")


def test_a_service_without_tags_keeps_the_metadata(sqlite: Deployment, bucket: Bucket) -> None:
    site = backed_up(sqlite, bucket, TAGS={"team": "web"})
    head = bucket.store.client().head_object(Bucket=bucket.name, Key=data_key(bucket))
    assert (head["Metadata"]["alias"], head["Metadata"]["kind"]) == ("default", "daily")
    site.run("validate_backup", "--all", "--location", STORE)


@pytest.mark.parametrize("service", ["object_store", "object_store_with_tags"])
def test_a_link_lets_anybody_in_for_a_while(sqlite: Deployment, request: pytest.FixtureRequest, service: str) -> None:
    from urllib.request import urlopen

    bucket = request.getfixturevalue(service).bucket()
    site = backed_up(sqlite, bucket)
    name = data_key(bucket).rpartition("/")[2]
    shown = site.run("list_backups", name, "--location", STORE, "--url", "--expires", "1h").out
    (address,) = (word for word in shown.split() if word.startswith("http://"))
    with urlopen(address) as answer:  # noqa: S310 - it begins with http
        assert answer.read() == bucket.read(name)


def test_a_bucket_that_locks_its_objects(sqlite: Deployment, object_store_with_tags: ObjectStore) -> None:
    """A clean-up hides what it removes; whoever runs it cannot take it from the owner of the bucket."""
    bucket = object_store_with_tags.bucket(ObjectLockEnabledForBucket=True)
    client, of = bucket.store.client(), {"Bucket": bucket.name}
    retention = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    client.put_object_lock_configuration(
        **of, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": retention}
    )
    site = backed_up(sqlite, bucket)
    site.run("backup_db", "--location", STORE, "--type", "weekly")
    assert "locks its objects" in site.run("check_backups").text
    removed = [name for name in bucket.names() if "_daily_" in name]
    content = {name: bucket.read(name) for name in removed}
    (backup,) = [name for name in removed if name.endswith(".gz")]
    site.run("cleanup_backups", backup, "--location", STORE, "--no-input")
    assert not set(removed) & set(bucket.names())
    site.run("validate_backup", "--all", "--location", STORE)
    versions = {version["Key"]: version["VersionId"] for version in client.list_object_versions(**of)["Versions"]}
    for name in removed:
        key = bucket.key(name)
        kept = client.get_object(**of, Key=key, VersionId=versions[key])["Body"].read()
        assert kept == content[name]
