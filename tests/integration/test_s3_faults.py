"""Faults between us and a store: a clear message and an exit code, nothing lost, nothing half listed, no needless try."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.deployment import Deployment, Outcome
from tests.fault_proxy import (
    Answer,
    Drip,
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
from tests.project.snapshot import differences
from tests.servers import free_port
from tests.templates import Deploy

STORE = "offsite"
# The smallest that S3 takes; what does not compress makes four of them.
PART = 5 << 20
PARTS = 4
NOISE = """
    CREATE TABLE noise (id integer PRIMARY KEY, body blob);
    WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 17)
    INSERT INTO noise SELECT n, randomblob(1000000) FROM number
"""
INSIDE = 1 << 20
DATA = ".sqlite3.gz"
MANIFEST = ".json"
DAY = 24 * 60 * 60
DAMAGED = 3
PARTLY = 5


@dataclass(frozen=True)
class Remote:
    """A site whose only way to its bucket leads through the proxy."""

    site: Deployment
    bucket: Bucket
    proxy: FaultProxy

    def run(self, *arguments: object, code: int | None = 0) -> Outcome:
        outcome = self.site.run(*arguments, code=code)
        assert "Traceback" not in outcome.text
        assert self.bucket.store.secret_key not in outcome.text
        return outcome

    def back_up(self, code: int = 0) -> Outcome:
        return self.run("backup_db", "--location", STORE, code=code)

    def listed(self) -> list[dict[str, Any]]:
        backups: list[dict[str, Any]] = self.run("list_backups", "--location", STORE, "--format", "json").document()
        return backups

    def validate(self, code: int = 0) -> Outcome:
        return self.run("validate_backup", "--all", "--location", STORE, code=code)

    def assert_nothing_there(self) -> None:
        """Neither in the bucket nor in the folder; what was begun was given up."""
        assert self.bucket.keys() == []
        assert self.bucket.uploads() == []
        assert self.site.files() == []

    def assert_one_whole_backup(self) -> None:
        self.proxy.heal()
        (report,) = self.run("validate_backup", "--all", "--location", STORE, "--format", "json").document()
        assert report["ok"]
        assert self.bucket.uploads() == []
        assert self.site.litter() == []


def at(site: Deployment, bucket: Bucket, proxy: FaultProxy, **more: Any) -> Remote:
    settings = bucket.settings(proxy.endpoint, PART_SIZE=PART, **more)
    chosen = {"DATABASES": ["default"], "STORES": {STORE: settings}}
    return Remote(replace(site, settings=chosen, variables=bucket.variables()), bucket, proxy)


def impatient(remote: Remote) -> Remote:
    """The same, for what stalls; anything else may take its time, on a busy machine some seconds."""
    settings = {STORE: {**remote.site.settings["STORES"][STORE], "TIMEOUT": 2}}
    return replace(remote, site=replace(remote.site, settings={**remote.site.settings, "STORES": settings}))


@pytest.fixture
def noisy(deploy: Deploy) -> Deployment:
    site = deploy("sqlite")
    site.execute(NOISE + "; SELECT 1")
    return site


@pytest.fixture
def remote(noisy: Deployment, bucket: Bucket, proxy: FaultProxy) -> Remote:
    return at(noisy, bucket, proxy)


@pytest.fixture
def small(deploy: Deploy, bucket: Bucket, proxy: FaultProxy) -> Remote:
    """The same without noise, for what does not take several parts."""
    return at(deploy("sqlite"), bucket, proxy)


@pytest.fixture
def stored(remote: Remote) -> Remote:
    """With one backup in the bucket."""
    remote.back_up()
    remote.proxy.heal()
    return remote


def name(stored: Remote, end: str) -> str:
    (found,) = (each for each in stored.bucket.names() if each.endswith(end))
    return found


def true_part(number: int) -> dict[str, Any]:
    """Its first request; before the first part the service is tried out with one that is not what was signed."""
    return {"part": number, "skip": 1 if number == 1 else 0}


# What passes by: the backup is made nevertheless, and each failure costs one more request.
PASSING: dict[str, tuple[Fault, dict[str, Any]]] = {
    **{
        f"reset at the boundary of part {part}": (ResetRequest(), {"action": "UploadPart", **true_part(part)})
        for part in range(1, PARTS + 1)
    },
    **{
        f"reset inside part {part}": (ResetRequest(after=INSIDE), {"action": "UploadPart", **true_part(part)})
        for part in range(1, PARTS + 1)
    },
    "the answer to a part is lost": (SwallowAnswer(), {"action": "UploadPart", "part": 2}),
    "slow down": (Answer(503, "SlowDown"), {"action": "UploadPart", "part": 2, "times": 2}),
    "internal errors": (Answer(500, "InternalError"), {"action": "UploadPart", "part": 3, "times": 2}),
    "a part arrives damaged": (SpoilRequest(INSIDE), {"action": "UploadPart", **true_part(1)}),
    "the trial of the signature is refused": (Answer(503, "SlowDown"), {"action": "UploadPart", "part": 1}),
    "the trial of the signature is lost": (ResetRequest(), {"action": "UploadPart", "part": 1}),
    "a part stalls": (Stall(), {"action": "UploadPart", "part": 2}),
    "the upload is refused at first": (Answer(503, "SlowDown"), {"action": "CreateMultipartUpload"}),
    "the completion is refused at first": (Answer(503, "SlowDown"), {"action": "CompleteMultipartUpload"}),
    "the completion fails behind a 200": (Answer(200, "InternalError"), {"action": "CompleteMultipartUpload"}),
    "the completion is lost": (ResetRequest(), {"action": "CompleteMultipartUpload"}),
    "the completion is done twice": (SwallowAnswer(), {"action": "CompleteMultipartUpload"}),
    "the manifest is refused at first": (Answer(503, "SlowDown"), {"action": "PutObject", "ends": MANIFEST}),
    "the manifest is lost": (ResetRequest(), {"action": "PutObject", "ends": MANIFEST}),
    "the manifest is written twice": (SwallowAnswer(), {"action": "PutObject", "ends": MANIFEST}),
}


@pytest.mark.parametrize("case", PASSING)
def test_an_upload_survives(remote: Remote, case: str) -> None:
    fault, where = PASSING[case]
    rule = remote.proxy.add(fault, **where)
    (impatient(remote) if isinstance(fault, Stall) else remote).back_up()
    assert rule.met == where.get("times", 1)
    target = {key: value for key, value in where.items() if key in {"part", "ends"}}
    assert remote.proxy.count(where["action"], **target) == 1 + rule.met + where.get("skip", 0)
    remote.assert_one_whole_backup()


@pytest.mark.parametrize(
    ("service", "settings", "trials", "digests"),
    [
        ("object_store", {}, 1, set()),
        ("object_store_with_tags", {}, 1, {"content-md5"}),
        ("object_store", {"CHECKSUMS": "md5"}, 0, {"content-md5"}),
        ("object_store", {"CHECKSUMS": "crc32"}, 0, {"x-amz-checksum-crc32"}),
    ],
    ids=["it compares what is signed", "it takes anything", "it is told an MD5", "it is told a CRC32"],
)
def test_every_part_is_compared_by_the_service(
    noisy: Deployment, request: pytest.FixtureRequest, service: str, settings: dict[str, str], trials: int,
    digests: set[str],
) -> None:  # fmt: skip
    store: ObjectStore = request.getfixturevalue(service)
    with FaultProxy(store.port) as proxy:
        remote = at(noisy, store.bucket(), proxy, **settings)
        remote.back_up()
        parts = [request.head for request in proxy.requests if request.action == "UploadPart"][trials:]
        assert len(parts) == PARTS
        for part in parts:
            assert re.fullmatch("[0-9a-f]{64}", part.get("x-amz-content-sha256"))
            assert {name for name, _ in part.headers if name in {"content-md5", "x-amz-checksum-crc32"}} == digests
        remote.assert_one_whole_backup()


# What does not pass by: asked once, said what it is, given up.
FOR_GOOD: dict[str, tuple[Fault, str, str]] = {
    "AccessDenied": (Answer(403, "AccessDenied"), "access denied", "Allow s3:"),
    "ExpiredToken": (Answer(400, "ExpiredToken"), "credentials have expired", "Renew them"),
    "NoSuchBucket": (Answer(404, "NoSuchBucket"), "has no bucket", "Create the bucket"),
    "InvalidAccessKeyId": (Answer(403, "InvalidAccessKeyId"), "access key", "Correct the credentials"),
    "RequestTimeTooSkewed": (Answer(403, "RequestTimeTooSkewed"), "clock of this machine", "Set the clock"),
    "PermanentRedirect": (
        Answer(301, "PermanentRedirect", headers=(("x-amz-bucket-region", "eu-west-3"),)),
        "in the region eu-west-3",
        "Set the region of the store to eu-west-3",
    ),
}


def assert_explained(outcome: Outcome, bucket: Bucket, message: str, hint: str) -> None:
    assert message in outcome.err, outcome.err
    assert hint in outcome.err, outcome.err
    assert f"s3://{bucket.name}/{bucket.prefix}" in outcome.err


@pytest.mark.parametrize("case", FOR_GOOD)
def test_a_refusal_ends_a_backup_at_once(small: Remote, case: str) -> None:
    fault, message, hint = FOR_GOOD[case]
    small.proxy.add(fault, times=None)
    assert_explained(small.back_up(code=1), small.bucket, message, hint)
    actions = [request.action for request in small.proxy.requests]
    assert len(actions) == len(set(actions)), actions
    small.assert_nothing_there()


@pytest.mark.parametrize(
    ("action", "where"),
    [
        ("CreateMultipartUpload", {}),
        ("UploadPart", {"part": 3}),
        ("CompleteMultipartUpload", {}),
        ("PutObject", {"ends": MANIFEST}),
    ],
    ids=str,
)
def test_one_action_is_denied(remote: Remote, action: str, where: dict[str, Any]) -> None:
    remote.proxy.add(Answer(403, "AccessDenied"), action=action, times=None, **where)
    assert_explained(remote.back_up(code=1), remote.bucket, "access denied", "Allow s3:PutObject")
    # Tags take a right of their own: what is denied with tags is asked for once more without.
    wanted = [request for request in remote.proxy.requests if request.action == action]
    denied = [request for request in wanted if request.key.endswith(where.get("ends", ""))]
    tagged = [
        bool(request.head.get("x-amz-tagging")) for request in denied if request.part in {None, where.get("part")}
    ]
    assert tagged in ([False], [True, False])
    remote.proxy.heal()
    assert remote.listed() == []
    remote.assert_nothing_there()


def test_credentials_that_expire_during_an_upload(remote: Remote) -> None:
    def expire() -> None:
        remote.proxy.add(Answer(400, "ExpiredToken"), times=None)

    remote.proxy.add(Meanwhile(expire), action="UploadPart", part=2)
    outcome = remote.back_up(code=1)
    assert_explained(outcome, remote.bucket, "credentials have expired", "Renew them")
    assert remote.bucket.keys() == []
    assert remote.site.files() == []
    # Nobody could give the upload up; it is found a day later.
    assert len(remote.bucket.uploads()) == 1
    remote.proxy.heal()
    assert remote.listed() == []
    remote.back_up()
    remote.proxy.add(ShiftDates(2 * DAY), times=None)
    remote.run("cleanup_backups", "--location", STORE, "--no-input")
    remote.assert_one_whole_backup()


def test_an_endpoint_that_is_down(small: Remote) -> None:
    with_nobody = replace(small.bucket, store=replace(small.bucket.store, port=free_port()))
    stores = {STORE: with_nobody.settings()}
    site = replace(small.site, settings={"DATABASES": ["default"], "STORES": stores})
    for command in (("backup_db", "--location", STORE), ("list_backups", "--location", STORE)):
        outcome = site.run(*command, code=1)
        assert f"127.0.0.1:{with_nobody.store.port}" in outcome.err
        assert "cannot be reached" in outcome.err
        assert "Traceback" not in outcome.err
    assert site.files() == []


def test_a_host_that_nobody_knows(small: Remote) -> None:
    stores = {STORE: small.bucket.settings("http://store.invalid:3900")}
    site = replace(small.site, settings={"DATABASES": ["default"], "STORES": stores})
    outcome = site.run("backup_db", "--location", STORE, code=1)
    assert "host" in outcome.err
    assert "unknown" in outcome.err
    assert site.files() == []


def test_a_bucket_that_is_missing(small: Remote) -> None:
    stores = {STORE: small.bucket.settings(small.proxy.endpoint, BUCKET="nobody-made-it")}
    site = replace(small.site, settings={"DATABASES": ["default"], "STORES": stores})
    for command in ("backup_db", "list_backups", "validate_backup", "cleanup_backups"):
        every = ["--all"] if command == "validate_backup" else []
        outcome = site.run(command, *every, "--location", STORE, code=1)
        assert "has no bucket nobody-made-it" in outcome.err
        assert "Create the bucket" in outcome.err


@pytest.mark.parametrize("prefix", ["", "büro/ä +%20?#&=名", "a//b/../c", "100%"])
def test_odd_characters_in_the_prefix(
    deploy: Deploy, object_store: ObjectStore, proxy: FaultProxy, prefix: str
) -> None:
    remote = at(deploy("sqlite"), object_store.bucket(prefix), proxy)
    remote.back_up()
    remote.assert_one_whole_backup()
    assert len(remote.bucket.names()) == len(remote.bucket.keys()) > 0
    before = remote.site.state()
    remote.site.wreck()
    remote.run("restore_db", "latest", "--location", STORE, "--no-input", "--no-safety-backup")
    assert differences(before, remote.site.state()) == {}


@pytest.mark.parametrize("trouble", ["denied", "expired", "down"])
def test_one_of_two_stores_fails(small: Remote, object_store: ObjectStore, trouble: str) -> None:
    second = object_store.bucket()
    working = {**small.site.settings["STORES"], "second": second.settings()}
    broken = dict(working)
    if trouble == "down":
        broken[STORE] = small.bucket.settings(f"http://127.0.0.1:{free_port()}")
    else:
        small.proxy.add(FOR_GOOD[{"denied": "AccessDenied", "expired": "ExpiredToken"}[trouble]][0], times=None)
    site = replace(small.site, settings={**small.site.settings, "STORES": broken})
    outcome = site.run("backup_db", "--upload", code=PARTLY)
    assert STORE in outcome.err
    assert "sync_backups" in outcome.err
    assert small.bucket.keys() == []
    whole = set(site.files())
    assert whole
    assert set(second.names()) == whole
    small.proxy.heal()
    small.run("sync_backups", "--to", STORE)
    assert set(small.bucket.names()) == whole
    small.assert_one_whole_backup()


# What passes by while reading: the same bytes arrive, from where it broke.
BROKEN_READS: dict[str, tuple[Fault, dict[str, Any]]] = {
    "reset at the beginning": (ResetRequest(), {}),
    "reset inside": (ResetAnswer(after=INSIDE), {}),
    "cut short": (TruncateAnswer(after=INSIDE), {}),
    "stalled before the answer": (Stall(), {}),
    "stalled inside": (Stall(after=INSIDE), {}),
    "dripping": (Drip(), {}),
    "slow down": (Answer(503, "SlowDown"), {"times": 2}),
    "internal errors": (Answer(500, "InternalError"), {"times": 2}),
    "the manifest is cut short": (TruncateAnswer(after=100), {"ends": MANIFEST}),
}


@pytest.mark.parametrize("case", BROKEN_READS)
def test_a_restore_survives(stored: Remote, case: str) -> None:
    fault, where = BROKEN_READS[case]
    before = stored.site.state()
    stored.site.wreck()
    rule = stored.proxy.add(fault, action="GetObject", **{"ends": DATA, **where})
    reader = impatient(stored) if isinstance(fault, Stall) else stored
    reader.run("restore_db", "latest", "--location", STORE, "--no-input", "--no-safety-backup")
    assert rule.met == where.get("times", 1)
    assert differences(before, stored.site.state()) == {}


def turned(content: bytes) -> bytes:
    """As long, and almost the same."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def spoil_on_the_way(stored: Remote) -> None:
    stored.proxy.add(SpoilAnswer(INSIDE), action="GetObject", ends=DATA, times=None)


def replace_object(stored: Remote) -> None:
    data = name(stored, DATA)
    stored.bucket.write(data, turned(stored.bucket.read(data)))


def replace_object_by_noise(stored: Remote) -> None:
    data = name(stored, DATA)
    stored.bucket.write(data, secrets.token_bytes(len(stored.bucket.read(data))))


def cut_object(stored: Remote) -> None:
    data = name(stored, DATA)
    stored.bucket.write(data, stored.bucket.read(data)[:-1000])


def remove_object(stored: Remote) -> None:
    stored.bucket.remove(name(stored, DATA))


@pytest.mark.parametrize(
    "damage",
    [
        spoil_on_the_way,
        replace_object,
        replace_object_by_noise,
        cut_object,
        remove_object,
    ],
)
def test_another_content_is_never_restored(stored: Remote, damage: Callable[[Remote], None]) -> None:
    stored.site.wreck()
    before = {"default": stored.site.state()}
    backup = name(stored, DATA)
    damage(stored)
    outcome = stored.run("restore_db", backup, "--location", STORE, "--no-input", "--no-safety-backup", code=DAMAGED)
    assert backup in outcome.err
    stored.site.assert_unchanged(before)
    assert stored.site.litter() == []


def test_an_object_that_is_replaced_while_it_is_read(stored: Remote) -> None:
    stored.site.wreck()
    before = {"default": stored.site.state()}
    stored.proxy.add(Meanwhile(lambda: replace_object(stored)), action="GetObject", ends=DATA, skip=2)
    outcome = stored.run("restore_db", "latest", "--location", STORE, "--no-input", "--no-safety-backup", code=1)
    assert_explained(outcome, stored.bucket, "was replaced by another while it was read", "find out who writes there")
    stored.site.assert_unchanged(before)


@pytest.mark.parametrize("damage", [replace_object, replace_object_by_noise, cut_object, remove_object])
def test_another_content_is_found_by_a_validation(stored: Remote, damage: Callable[[Remote], None]) -> None:
    backup = name(stored, DATA)
    damage(stored)
    assert backup in stored.validate(code=DAMAGED).text


@pytest.mark.parametrize("command", ["download_backup", "sync_backups"])
def test_a_spoilt_copy_is_not_kept(stored: Remote, command: str) -> None:
    spoil_on_the_way(stored)
    where = ("latest", "--location") if command == "download_backup" else ("--from",)
    outcome = stored.run(command, *where, STORE, code=None)
    assert outcome.code in {DAMAGED, PARTLY}
    assert name(stored, DATA) in outcome.text
    assert stored.site.files() == []
    stored.proxy.heal()
    stored.run(command, *where, STORE)
    assert stored.site.contents() == stored.bucket.contents()


def test_a_restore_is_denied(stored: Remote) -> None:
    stored.site.wreck()
    before = {"default": stored.site.state()}
    rule = stored.proxy.add(Answer(403, "AccessDenied"), action="GetObject", ends=DATA, times=None)
    outcome = stored.run("restore_db", "latest", "--location", STORE, "--no-input", "--no-safety-backup", code=1)
    assert_explained(outcome, stored.bucket, "access denied", "Allow s3:GetObject")
    assert rule.met == 1
    stored.site.assert_unchanged(before)


def test_the_same_name_with_another_content(small: Remote, object_store: ObjectStore) -> None:
    """Reported as a conflict in both directions, and overwritten in none."""
    small.run("backup_db", "--upload", STORE)
    elsewhere = at(small.site, object_store.bucket(), small.proxy)
    elsewhere.site.execute("CREATE TABLE more (id integer); SELECT 1")
    elsewhere.back_up()
    for end in (DATA, MANIFEST):
        small.bucket.write(name(small, end), elsewhere.bucket.read(name(elsewhere, end)))
    here = small.site.contents()
    there = small.bucket.contents()
    for direction in (("--to", STORE), ("--from", STORE)):
        outcome = small.run("sync_backups", *direction, code=PARTLY)
        assert "conflict" in outcome.text
        assert name(small, DATA) in outcome.text
    assert small.site.contents() == here
    assert small.bucket.contents() == there


def test_a_clock_that_differs(small: Remote) -> None:
    small.proxy.add(ShiftClock(3600), times=None)
    outcome = small.run("check_backups", code=None)
    assert "clock" in outcome.text
    small.back_up()
    small.assert_one_whole_backup()


def test_a_listing_that_is_denied(small: Remote) -> None:
    small.back_up()
    small.proxy.heal()
    small.proxy.add(Answer(403, "AccessDenied"), action="ListObjectsV2", times=None)
    outcome = small.run("list_backups", "--location", STORE, code=1)
    assert_explained(outcome, small.bucket, "access denied", "Allow s3:ListBucket")
    assert small.proxy.count("ListObjectsV2") == 1
