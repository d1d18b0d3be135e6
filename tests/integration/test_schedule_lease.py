"""Hosts that share a bucket and nothing else: one of them makes the backup, and none goes without."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from holdfast import backup, clock, conf
from holdfast.schedule import lease
from tests.deployment import MANAGE, PATIENCE, Deployment
from tests.fault_proxy import Answer, FaultProxy, ShiftClock, ShiftDates, Stall
from tests.integration.test_schedule_commands import RARELY
from tests.object_stores import Bucket

NAME = ".holdfast-lease.json"

Host = Callable[..., Deployment]


@pytest.fixture
def host(sqlite: Deployment, tmp_path: Path) -> Host:
    """Makes a machine with a disk of its own: another folder, and a copy of the database."""

    def make(name: str, bucket: Bucket, endpoint: str | None = None) -> Deployment:
        folder = tmp_path / name
        folder.mkdir()
        database = shutil.copy(sqlite.name(), folder / "site.sqlite3")
        databases = {"default": {**sqlite.databases["default"], "NAME": str(database)}}
        settings = {**RARELY, "STORES": {"offsite": bucket.settings(endpoint)}}
        return Deployment(folder, databases, settings=settings, variables=bucket.variables())

    return make


def made(*hosts: Deployment) -> list[str]:
    return [name for site in hosts for name in site.files() if name.endswith(".gz")]


def held(bucket: Bucket, left: timedelta) -> None:
    """Another host's lease, as it stands so long before its end."""
    end = datetime.now(UTC) + left
    times = {"taken": end - timedelta(minutes=5), "expires": end}
    written = {name: moment.strftime("%Y-%m-%dT%H:%M:%SZ") for name, moment in times.items()}
    bucket.write(NAME, json.dumps({"token": "x", "host": "elsewhere", "pid": 77, **written}).encode())


def until(process: subprocess.Popen[str], holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)


# The one ignores conditions on writes, the other minds them.
@pytest.mark.parametrize("service", ["object_store", "object_store_with_tags"])
def test_two_hosts_at_once_make_one_backup(host: Host, request: pytest.FixtureRequest, service: str) -> None:
    bucket = request.getfixturevalue(service).bucket()
    hosts = [host("one", bucket), host("two", bucket), host("three", bucket)]
    running = [
        subprocess.Popen(
            [sys.executable, str(MANAGE), "run_backups", "--if-due"], env=site.environment(), cwd=site.folder, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        for site in hosts
    ]  # fmt: skip
    outputs = [process.communicate(timeout=PATIENCE)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], outputs
    (only,) = made(*hosts)
    assert [name for name in bucket.names() if name.endswith(".gz")] == [only]
    assert sum("another host is at work" in output or output == "Nothing is due.\n" for output in outputs) == 2
    # It was given back, and who has nothing to do does not ask for it.
    assert NAME not in bucket.names()
    held(bucket, timedelta(minutes=4))
    assert hosts[0].run("run_backups", "--if-due").out == "Nothing is due.\n"


def test_the_lease_of_a_host_that_died_ends_by_itself(host: Host, bucket: Bucket) -> None:
    one, two = host("one", bucket), host("two", bucket)
    with one.primed("run_backups") as process:
        until(process, lambda: NAME in bucket.names())
        process.kill()
    holder = json.loads(bucket.read(NAME))
    refused = two.run("run_backups", code=4)
    assert f"another host is at work: process {process.pid} on" in refused.err
    assert holder["pid"] == process.pid and holder["expires"] in refused.err
    assert "default rare: waits: another host is at work" in two.run("run_backups", "--if-due").out
    lasts = datetime.fromisoformat(holder["expires"]) - datetime.fromisoformat(holder["taken"])
    assert timedelta(minutes=1) < lasts < timedelta(minutes=10)
    # The time passes.
    expired = (datetime.now(UTC) - timedelta(seconds=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    bucket.write(NAME, json.dumps({**holder, "expires": expired}).encode())
    two.run("run_backups")
    assert len(made(two)) == 1
    assert NAME not in bucket.names()


def test_the_clock_that_counts_is_the_services(host: Host, bucket: Bucket, proxy: FaultProxy) -> None:
    proxy.add(ShiftClock(600), times=None)
    held(bucket, timedelta(minutes=4))
    host("one", bucket).run("run_backups", code=4)
    host("two", bucket, proxy.endpoint).run("run_backups")


@pytest.mark.parametrize("moment", ["while it settles", "while a copy is under way"])
def test_who_is_told_to_stop_gives_it_back(host: Host, bucket: Bucket, proxy: FaultProxy, moment: str) -> None:
    one = host("one", bucket, proxy.endpoint)
    copying = proxy.add(Stall(), "PutObject", ends=".gz")
    with one.primed("run_backups", "--loop") as process:
        until(process, lambda: NAME in bucket.names() if moment == "while it settles" else copying.met > 0)
        assert NAME in bucket.names()
        process.send_signal(signal.SIGTERM)
        output = process.communicate(timeout=PATIENCE)[0]
    assert output.endswith("Stopped.\n")
    assert NAME not in bucket.names()
    host("two", bucket).run("run_backups")


def test_credentials_that_may_not_delete_let_it_expire(host: Host, bucket: Bucket, proxy: FaultProxy) -> None:
    proxy.add(Answer(403, "AccessDenied"), "DeleteObject", times=None)
    one, two = host("one", bucket, proxy.endpoint), host("two", bucket, proxy.endpoint)
    for site in (one, two):
        site.run("run_backups")
        assert len(made(site)) == 1
        expires = datetime.fromisoformat(json.loads(bucket.read(NAME))["expires"])
        assert expires <= datetime.now(UTC) + timedelta(seconds=2)
        for name in bucket.names():
            if name != NAME:
                bucket.remove(name)


def test_a_store_that_cannot_be_asked_costs_no_backup(host: Host, bucket: Bucket, proxy: FaultProxy) -> None:
    proxy.add(Answer(403, "AccessDenied"), "PutObject", ends=NAME, times=None)
    one, down = host("one", bucket, proxy.endpoint), host("down", bucket, "http://127.0.0.1:1")
    assert "another host may make the same backup, which does no harm" in one.run("run_backups").err
    assert made(one)[0] in bucket.names()
    assert "another host may make the same backup" in down.run("run_backups", code=5).err
    assert len(made(down)) == 1


def test_something_else_in_the_place_of_a_store_costs_no_backup(host: Host, bucket: Bucket, proxy: FaultProxy) -> None:
    """A reverse proxy whose service is gone knows no page of that name."""
    proxy.add(Answer(404, "NotFound"), times=None)
    one = host("one", bucket, proxy.endpoint)
    assert "refused the request" in one.run("run_backups", code=5).err
    assert len(made(one)) == 1


def test_two_hosts_in_one_second_do_not_fail_for_ever(
    host: Host, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts, moment = [host("one", bucket), host("two", bucket)], datetime.now(UTC)
    for site in hosts:
        with monkeypatch.context() as patched, site.in_process():
            patched.setattr(clock, "now", lambda: moment)
            backup("default", kind="rare")
    one, two = hosts
    assert made(one) == made(two)
    one.run("run_backups")
    bucket.remove(made(one)[0])
    for _ in range(2):
        assert "the one there is bad: the file is missing" in two.run("run_backups", code=1).err
    bucket.write(made(one)[0], (one.folder / "backups" / made(one)[0]).read_bytes())
    assert f"copies: {made(two)[0]} to offsite: another backup has this name there" in two.run("run_backups").err
    assert two.run("run_backups").text == "Nothing is due.\n"


def test_a_lease_that_was_lost_is_told(host: Host, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def losing(*_: object) -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(lost="somebody has it")

    monkeypatch.setattr(lease, "store_lease", losing)
    told: list[str] = []
    with host("one", bucket).in_process():
        with lease.store(conf.load(), told.append):
            assert told == []
    assert told == ["offsite: somebody has it; it may have made the same backup, which does no harm"]


def test_nothing_takes_it_for_a_backup_or_for_litter(host: Host, bucket: Bucket, proxy: FaultProxy) -> None:
    one = host("one", bucket, proxy.endpoint)
    one.run("backup_db", "--upload")
    held(bucket, timedelta(minutes=4))
    proxy.add(ShiftDates(2 * 86_400), times=None)
    for command in (
        ["list_backups", "--location", "all"],
        ["check_backups"],
        ["sync_backups", "--from", "offsite", "--to", "local"],
        ["cleanup_backups", "--location", "offsite", "--no-input"],
    ):
        assert "lease" not in one.run(*command).text
    assert NAME in bucket.names()
    assert NAME not in one.files()
