"""The ground that the tests of S3 stand on: the proxy passes everything on unharmed, and breaks what it is told to."""

from __future__ import annotations

import hashlib
import os
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from tests.fault_proxy import (
    Answer,
    Fault,
    FaultProxy,
    Meanwhile,
    ResetAnswer,
    ResetRequest,
    ShiftClock,
    ShiftDates,
    SpoilAnswer,
    SpoilRequest,
    Stall,
    SwallowAnswer,
    TruncateAnswer,
)
from tests.object_stores import Bucket, ObjectStore

PART = 5 << 20
LARGE = os.urandom(PART + 1000)
FAILURES = (ClientError, BotoCoreError)


@pytest.fixture
def client(bucket: Bucket, proxy: FaultProxy) -> Any:
    return bucket.store.client(proxy.endpoint)


def put(client: Any, bucket: Bucket) -> None:
    client.put_object(Bucket=bucket.name, Key="key", Body=LARGE)


def get(client: Any, bucket: Bucket) -> bytes:
    body: bytes = client.get_object(Bucket=bucket.name, Key="key", ChecksumMode="DISABLED")["Body"].read()
    return body


def upload(client: Any, bucket: Bucket, key: str = "key") -> str:
    identifier: str = client.create_multipart_upload(Bucket=bucket.name, Key=key)["UploadId"]
    of = {"Bucket": bucket.name, "Key": key, "UploadId": identifier}
    etags = [
        client.upload_part(**of, PartNumber=number, Body=body)["ETag"]
        for number, body in enumerate([LARGE[:PART], LARGE[PART:]], 1)
    ]
    parts = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, 1)]
    client.complete_multipart_upload(**of, MultipartUpload={"Parts": parts})
    return identifier


def test_everything_passes_unharmed(client: Any, bucket: Bucket, proxy: FaultProxy) -> None:
    key = "odd/ö +%20?#&=名.gz"
    upload(client, bucket, key)
    assert client.get_object(Bucket=bucket.name, Key=key)["Body"].read() == LARGE
    ranged = client.get_object(Bucket=bucket.name, Key=key, Range="bytes=10-19")["Body"].read()
    assert ranged == LARGE[10:20]
    assert client.head_object(Bucket=bucket.name, Key=key)["ContentLength"] == len(LARGE)
    client.copy_object(Bucket=bucket.name, Key="copy", CopySource={"Bucket": bucket.name, "Key": key})
    assert bucket.keys() == ["copy", key]
    client.delete_objects(Bucket=bucket.name, Delete={"Objects": [{"Key": "copy"}]})
    client.delete_object(Bucket=bucket.name, Key=key)
    assert client.list_objects_v2(Bucket=bucket.name)["KeyCount"] == 0
    assert [(request.action, request.part) for request in proxy.requests] == [
        ("CreateMultipartUpload", None),
        ("UploadPart", 1),
        ("UploadPart", 2),
        ("CompleteMultipartUpload", None),
        ("GetObject", None),
        ("GetObject", None),
        ("HeadObject", None),
        ("CopyObject", None),
        ("DeleteObjects", None),
        ("DeleteObject", None),
        ("ListObjectsV2", None),
    ]
    assert {request.key for request in proxy.requests} == {key, "copy", ""}


@pytest.mark.parametrize(
    "fault",
    [
        ResetRequest(),
        ResetRequest(after=100_000),
        Answer(503, "SlowDown"),
        SpoilRequest(position=100_000),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_broken_upload(client: Any, bucket: Bucket, proxy: FaultProxy, fault: Fault) -> None:
    proxy.add(fault, action="PutObject")
    with pytest.raises(FAILURES):
        put(client, bucket)
    assert bucket.keys() == []
    put(client, bucket)
    assert get(client, bucket) == LARGE


@pytest.mark.parametrize(
    "fault",
    [ResetAnswer(after=100_000), TruncateAnswer(after=100_000), Answer(500, "InternalError")],
    ids=lambda value: type(value).__name__,
)
def test_a_broken_download(client: Any, bucket: Bucket, proxy: FaultProxy, fault: Fault) -> None:
    put(client, bucket)
    proxy.add(fault, action="GetObject")
    with pytest.raises(FAILURES):
        get(client, bucket)
    assert get(client, bucket) == LARGE


@pytest.mark.parametrize("fault", [Stall(), Stall(after=100_000)], ids=["at once", "in the body"])
def test_a_store_that_falls_silent(bucket: Bucket, proxy: FaultProxy, fault: Fault) -> None:
    client = bucket.store.client(proxy.endpoint, connect_timeout=1, read_timeout=1)
    put(bucket.store.client(), bucket)
    proxy.add(fault)
    with pytest.raises(BotoCoreError):
        get(client, bucket)
    assert proxy.count() == 1


def test_a_spoilt_download(client: Any, bucket: Bucket, proxy: FaultProxy) -> None:
    put(client, bucket)
    proxy.add(SpoilAnswer(position=300_000), action="GetObject")
    received = get(client, bucket)
    assert [at for at, (one, other) in enumerate(zip(received, LARGE, strict=True)) if one != other] == [300_000]


def test_a_rule_meets_what_it_names(client: Any, bucket: Bucket, proxy: FaultProxy) -> None:
    rule = proxy.add(Answer(403, "AccessDenied"), action="UploadPart", part=2, times=None)
    with pytest.raises(ClientError, match="AccessDenied"):
        upload(client, bucket)
    assert rule.met == 1
    assert bucket.uploads() == ["key"]
    assert proxy.count("UploadPart") == 2
    assert proxy.count("UploadPart", part=2) == 1
    proxy.heal()
    proxy.add(Answer(400, "ExpiredToken"), skip=2, times=None)
    with pytest.raises(ClientError, match="ExpiredToken"):
        upload(client, bucket)
    with pytest.raises(ClientError, match="ExpiredToken"):
        get(client, bucket)
    assert proxy.count() == 4


def test_another_clock(client: Any, bucket: Bucket, proxy: FaultProxy) -> None:
    proxy.add(ShiftClock(-3600), times=None)
    dates = [each.list_buckets()["ResponseMetadata"]["HTTPHeaders"]["date"] for each in (client, bucket.store.client())]
    hours = [date.split()[4].split(":")[0] for date in dates]
    assert (int(hours[1]) - int(hours[0])) % 24 in {1, 2}


def test_an_upload_that_is_completed_twice(client: Any, bucket: Bucket, proxy: FaultProxy) -> None:
    proxy.add(SwallowAnswer(), action="CompleteMultipartUpload")
    with pytest.raises(BotoCoreError):
        upload(client, bucket)
    assert hashlib.sha256(get(client, bucket)).digest() == hashlib.sha256(LARGE).digest()
    assert bucket.uploads() == []


def test_what_the_real_store_lacks(object_store_with_tags: ObjectStore) -> None:
    bucket = object_store_with_tags.bucket(ObjectLockEnabledForBucket=True)
    bucket.write("key", b"content", Tagging="kind=daily")
    client = bucket.store.client()
    assert client.get_object_tagging(Bucket=bucket.name, Key=bucket.key("key"))["TagSet"] == [
        {"Key": "kind", "Value": "daily"}
    ]
    assert bucket.names() == ["key"]
    with FaultProxy(bucket.store.port) as proxy:
        body = bucket.store.client(proxy.endpoint).get_object(Bucket=bucket.name, Key=bucket.key("key"))["Body"]
        assert body.read() == b"content"


def test_a_listing_of_older_things(client: Any, bucket: Bucket, proxy: FaultProxy) -> None:
    client.create_multipart_upload(Bucket=bucket.name, Key="begun")
    put(client, bucket)

    def dates() -> list[Any]:
        listed = client.list_objects_v2(Bucket=bucket.name)["Contents"][0]["LastModified"]
        return [listed, client.list_multipart_uploads(Bucket=bucket.name)["Uploads"][0]["Initiated"]]

    now = dates()
    proxy.add(ShiftDates(86400), times=None)
    assert [(one - other).days for one, other in zip(now, dates(), strict=True)] == [1, 1]


def test_something_happens_in_between(client: Any, bucket: Bucket, proxy: FaultProxy) -> None:
    put(client, bucket)
    proxy.add(Meanwhile(lambda: bucket.store.client().delete_object(Bucket=bucket.name, Key="key")), skip=1)
    assert get(client, bucket) == LARGE
    with pytest.raises(ClientError, match="NoSuchKey"):
        get(client, bucket)
