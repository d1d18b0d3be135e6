"""The lifecycle rules of a bucket: what backups need is added to what is there, and what would harm them is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.deployment import Deployment
from tests.object_stores import Bucket, ObjectStore

UPLOADS = "holdfast-incomplete-uploads"
VERSIONS = "holdfast-noncurrent-versions"


def site(sqlite: Deployment, bucket: Bucket) -> Deployment:
    return replace(sqlite, settings={"STORES": {"offsite": bucket.settings()}}, variables=bucket.variables())


def rules(bucket: Bucket) -> dict[str, Any]:
    known = bucket.store.client().get_bucket_lifecycle_configuration(Bucket=bucket.name)
    return {rule["ID"]: rule for rule in known["Rules"]}


def put(bucket: Bucket, *given: dict[str, Any]) -> None:
    filled = [{"Status": "Enabled", "Filter": {"Prefix": ""}, **rule} for rule in given]
    bucket.store.client().put_bucket_lifecycle_configuration(
        Bucket=bucket.name, LifecycleConfiguration={"Rules": filled}
    )


@pytest.mark.parametrize("service", ["object_store", "object_store_with_tags"])
def test_what_a_bucket_lacks_is_shown_and_added_when_asked(
    sqlite: Deployment, service: str, request: pytest.FixtureRequest
) -> None:
    store: ObjectStore = request.getfixturevalue(service)
    bucket = store.bucket()
    project = site(sqlite, bucket)
    shown = project.run("check_backups", "--lifecycle", "offsite", code=1).text
    assert "store offsite: lacks a rule that ends uploads of killed runs after 7 days" in shown
    assert f"Add it as {UPLOADS}: manage.py check_backups --lifecycle offsite --apply" in shown
    with pytest.raises(store.client().exceptions.ClientError):
        rules(bucket)

    applied = project.run("check_backups", "--lifecycle", "offsite", "--apply").out
    assert "ok      store offsite: has a rule that ends uploads" in applied
    (rule,) = rules(bucket).values()
    assert rule["Filter"]["Prefix"] == "backups/shop/"
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    again = project.run("check_backups", "--lifecycle", "offsite", "--apply", "--format", "json").document()
    assert not again["applied"] and [rule["is_there"] for rule in again["rules"]] == [True]
    assert "ends incomplete uploads" not in project.run("check_backups").text


def test_rules_of_others_stay_and_are_judged(sqlite: Deployment, object_store_with_tags: ObjectStore) -> None:
    bucket = object_store_with_tags.bucket()
    client = object_store_with_tags.client()
    client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    put(
        bucket,
        {"ID": "logs", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 3}},
        {"ID": "old", "Expiration": {"Days": 30}},
        {"ID": "cold", "Filter": {"Prefix": "backups/"}, "Transitions": [{"Days": 9, "StorageClass": "GLACIER"}]},
        {"ID": "off", "Status": "Disabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}},
        # Of our name, and changed by somebody.
        {
            "ID": UPLOADS,
            "Filter": {"Prefix": "elsewhere/"},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        },
    )
    project = site(sqlite, bucket)
    done = project.run("check_backups", "--lifecycle", "offsite", "--apply").out
    assert "The lifecycle rule old of the bucket" in done and "removes backups by their age" in done
    assert "The lifecycle rule cold of the bucket" in done and "archives backups" in done
    assert "rule logs" not in done
    known = rules(bucket)
    assert known.keys() == {"logs", "old", "cold", "off", UPLOADS, VERSIONS}
    assert known[UPLOADS]["Filter"]["Prefix"] == "backups/shop/"
    assert known[VERSIONS]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert known["old"]["Expiration"] == {"Days": 30}
    # Whoever only looks whether all is well hears of them, too.
    assert "The lifecycle rule old of the bucket" in project.run("check_backups").text


def test_what_makes_no_sense_is_refused(sqlite: Deployment, bucket: Bucket) -> None:
    project = site(sqlite, bucket)
    assert "Name a store" in project.run("check_backups", "--apply", code=2).text
    assert "--notify" in project.run("check_backups", "--notify", "--lifecycle", "offsite", code=2).text
    assert "nowhere" in project.run("check_backups", "--lifecycle", "nowhere", code=2).text
