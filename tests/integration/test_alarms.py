"""Alarms arrive at real endpoints, once, without secrets, and never at the cost of a backup."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from holdfast import commitment, history, signals
from holdfast.alarms import outbox
from holdfast.operations import backup, status
from tests.deployment import MANAGE, PATIENCE, ROOT, Deployment
from tests.endpoints import Post, Web, post_office, web
from tests.integration.test_refusals import locked

KEY = "a-key-that-signs-4831"
ADDRESS = "/hooks/T0SECRET9/pa55"


@pytest.fixture
def endpoint() -> Iterator[Web]:
    with web() as running:
        yield running


@pytest.fixture
def office() -> Iterator[Post]:
    with post_office() as running:
        yield running


def notifying(
    deployment: Deployment, *channels: dict[str, Any], django: dict[str, Any] | None = None, **more: Any
) -> Deployment:
    # The disk of this machine may be as full as it likes.
    alarms = {"DISK_FREE": 1e-9, **more.pop("ALARMS", {})}
    settings = {"DATABASES": ["default"], "NOTIFY": list(channels), "ALARMS": alarms, **more}
    return replace(deployment, settings=settings, variables={"HOLDFAST_TEST_DJANGO": json.dumps(django or {})})


def hook(endpoint: Web, **more: Any) -> dict[str, Any]:
    return {"CHANNEL": "webhook", "URL": endpoint.url(ADDRESS), "KEY": KEY, **more}


def out_of_reach(deployment: Deployment) -> Deployment:
    """The same, with a database that cannot be reached, with another password in what is said about it."""
    default = dict(deployment.databases["default"])
    default |= {"NAME": str(deployment.folder)} if deployment.engine == "sqlite" else {"PORT": "1"}
    return replace(deployment, databases={**deployment.databases, "default": default})


def spoken(endpoint: Web) -> str:
    return "\n".join(f"{posted.path}\n{posted.headers}\n{posted.body.decode()}" for posted in endpoint.posted)


def events(endpoint: Web) -> list[str]:
    return [document["event"] for document in endpoint.documents()]


def test_a_failure_is_told_once_and_so_is_the_recovery(deployment: Deployment, endpoint: Web) -> None:
    good = notifying(deployment, hook(endpoint))
    bad = out_of_reach(good)

    bad.run("backup_db", code=1)
    bad.run("backup_db", code=1)
    assert events(endpoint) == ["backup_failed"]
    alarm = endpoint.documents()[0]
    assert (alarm["alias"], alarm["kind"], alarm["severity"]) == ("default", "manual", "error")
    assert "There is no good backup of it at all." in alarm["text"]

    good.run("backup_db")
    good.run("backup_db", "--type", "daily")
    assert events(endpoint) == ["backup_failed", "recovered"]
    assert endpoint.documents()[1]["key"] == alarm["key"]

    bad.run("backup_db", code=1)
    assert events(endpoint) == ["backup_failed", "recovered", "backup_failed"]
    assert "The last good backup is default_daily_" in endpoint.documents()[2]["text"]


def test_the_signature_verifies(sqlite: Deployment, endpoint: Web) -> None:
    out_of_reach(notifying(sqlite, hook(endpoint))).run("backup_db", code=1)

    [posted] = endpoint.posted
    match = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", posted.headers["Holdfast-Signature"])
    assert match is not None
    signed = f"{match[1]}.".encode() + posted.body
    assert hmac.compare_digest(hmac.new(KEY.encode(), signed, hashlib.sha256).hexdigest(), match[2])
    assert posted.headers["Holdfast-Event"] == posted.document()["event"] == "backup_failed"
    assert posted.path == ADDRESS


def test_several_processes_tell_it_once(sqlite: Deployment, endpoint: Web) -> None:
    bad = out_of_reach(notifying(sqlite, hook(endpoint)))
    command = [sys.executable, str(MANAGE), "backup_db"]
    running = [
        subprocess.Popen(
            command, env=bad.environment(), cwd=bad.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(3)
    ]
    assert {process.wait(PATIENCE) for process in running} <= {1, 4}
    assert events(endpoint) == ["backup_failed"]


def test_no_secret_is_sent_stored_or_printed(postgresql: Deployment, endpoint: Web, office: Post) -> None:
    channels = [
        hook(endpoint),
        {"CHANNEL": "slack", "URL": endpoint.url("/slack/5ecret-slack")},
        {"CHANNEL": "discord", "URL": endpoint.url("/discord/5ecret-discord")},
        {"CHANNEL": "ping", "URL": endpoint.url("/ping/5ecret-ping")},
        {"CHANNEL": "email", "TO": ["ops@example.com"]},
    ]
    mail = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": office.port}
    deployment = notifying(postgresql, *channels, django=mail)
    secret = str(deployment.databases["default"]["PASSWORD"])
    # The server refuses a database whose name is the password: its own message says so.
    leaking = {**deployment.databases["default"], "NAME": f"db_{secret}"}
    bad = replace(deployment, databases={**deployment.databases, "default": leaking})
    said = subprocess.run(
        [sys.executable, str(MANAGE), "backup_db"], env=bad.environment(), capture_output=True, check=False
    )
    assert secret.encode() in said.stderr

    bodies = "\n".join(posted.body.decode() for posted in endpoint.posted)
    mails = "\n".join(f"{message['Subject']}\n{message.get_content()}" for message in office.mails)
    assert {posted.path for posted in endpoint.posted} == {
        ADDRESS, "/slack/5ecret-slack", "/discord/5ecret-discord", "/ping/5ecret-ping/start", "/ping/5ecret-ping/fail",
    }  # fmt: skip
    assert len(office.mails) == 1
    state = (deployment.backups / ".holdfast-alarms.json").read_text()
    for text in (bodies, mails, state):
        assert "db_***" in text
        for hidden in (secret, KEY, "5ecret", ADDRESS):
            assert hidden not in text

    endpoint.status = 500
    printed = deployment.run("check_backups", "--notify", code=1).text + deployment.run("check").text
    assert "the answer was 500" in printed
    for hidden in (secret, KEY, "5ecret", ADDRESS, str(endpoint.port)):
        assert hidden not in printed


@pytest.mark.parametrize(
    "admins", [[["Ann", "ann@example.com"], ["Bob", "bob@example.com"]], ["ann@example.com", "bob@example.com"]]
)
def test_mail_goes_to_admins_of_both_forms(sqlite: Deployment, office: Post, admins: list[Any]) -> None:
    mail = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": office.port, "ADMINS": admins, "SERVER_EMAIL": "site@example.com"}
    out_of_reach(notifying(sqlite, {"CHANNEL": "email"}, django=mail)).run("backup_db", code=1)

    [message] = office.mails
    assert office.recipients == [["ann@example.com", "bob@example.com"]]
    assert message["From"] == "site@example.com"
    assert message["Subject"].startswith("[Django] Backup of default failed (")
    assert "manage.py backup_db --database default --type manual" in message.get_content()


def test_slack_and_discord_get_what_they_understand(sqlite: Deployment, endpoint: Web) -> None:
    channels = [{"CHANNEL": name, "URL": endpoint.url(f"/{name}")} for name in ("slack", "discord")]
    out_of_reach(notifying(sqlite, *channels)).run("backup_db", code=1)

    found = {posted.path: posted.document() for posted in endpoint.posted}
    assert found["/slack"]["text"].startswith(":red_circle: *Backup of default failed")
    [embed] = found["/discord"]["embeds"]
    assert embed["title"].startswith("Backup of default failed") and embed["color"] == 0xC0392B
    assert found["/discord"]["allowed_mentions"] == {"parse": []}


def test_pings_tell_begin_and_end(sqlite: Deployment, endpoint: Web) -> None:
    good = notifying(sqlite, {"CHANNEL": "ping", "URL": endpoint.url("/uuid?rid=1")}, DATABASES=["default", "second"])
    good.run("backup_db", "--database", "default")
    assert endpoint.paths() == ["/uuid/start?rid=1", "/uuid?rid=1"]

    endpoint.posted.clear()
    out_of_reach(good).run("backup_db", code=5)
    # The success of the second database does not hide the failure of the first.
    assert endpoint.paths() == ["/uuid/start?rid=1", "/uuid/fail?rid=1", "/uuid/start?rid=1"]

    endpoint.posted.clear()
    good.run("backup_db")
    assert endpoint.paths() == ["/uuid/start?rid=1", "/uuid?rid=1"] * 2


# A process that would wait for much longer at its end.
PATIENT = """
import sys
sys.path[0] = sys.argv.pop(1)
from holdfast.alarms import outbox
outbox.EXIT_SECONDS = 25
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", *sys.argv[1:]])
"""


def test_the_report_is_out_before_anything_is_waited_for(sqlite: Deployment, endpoint: Web) -> None:
    endpoint.silent = True
    slow = notifying(sqlite, {"CHANNEL": "ping", "URL": endpoint.url("/uuid")})
    command = [sys.executable, "-c", PATIENT, str(ROOT), "backup_db"]
    with subprocess.Popen(command, env=slow.environment(), text=True, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert "default_manual_" in process.stdout.readline()
        assert endpoint.arrived.wait(PATIENCE)
        # Had it waited, there would have been another try.
        assert endpoint.paths() == ["/uuid/start"]
        assert slow.newest().exists()
        endpoint.silent = False
        endpoint.released.set()
        assert process.wait(PATIENCE) == 0
    assert endpoint.paths()[-1] == "/uuid"


def test_an_endpoint_that_hangs_delays_no_backup(sqlite: Deployment, endpoint: Web) -> None:
    endpoint.silent = True
    slow = notifying(sqlite, {"CHANNEL": "ping", "URL": endpoint.url("/uuid")})
    command = [sys.executable, str(MANAGE), "backup_db"]
    with subprocess.Popen(
        command, env=slow.environment(), cwd=slow.folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        report = process.stdout.readline()
        # All of it is there while the server still owes its answer to the first ping.
        assert "default_manual_" in report
        assert slow.newest().exists()
        assert endpoint.arrived.wait(PATIENCE) and not endpoint.released.is_set()
        assert process.wait(PATIENCE) == 0
        assert "no answer yet from ping" in process.stderr.read()
    assert not endpoint.released.is_set()
    # As often as it was tried; what comes after it waits for it.
    assert set(endpoint.paths()) == {"/uuid/start"}


def test_what_was_not_delivered_is_delivered_by_the_next_run(sqlite: Deployment, endpoint: Web) -> None:
    endpoint.status = 503
    bad = out_of_reach(notifying(sqlite, hook(endpoint)))
    assert "the next run tries again" in bad.run("backup_db", code=1).err
    tries = len(endpoint.posted)
    assert tries > 1 and len({document["id"] for document in endpoint.documents()}) == 1

    endpoint.status = 200
    bad.run("backup_db", code=1)
    assert len(endpoint.posted) == tries + 1


def test_a_try_is_repeated(sqlite: Deployment, endpoint: Web) -> None:
    endpoint.statuses = [503]
    assert out_of_reach(notifying(sqlite, hook(endpoint))).run("backup_db", code=1).err.count("503") == 0
    assert len(endpoint.posted) == 2


def test_redirects_are_not_followed(sqlite: Deployment, endpoint: Web) -> None:
    with web() as elsewhere:
        endpoint.status, endpoint.location = 302, elsewhere.url("/elsewhere")
        outcome = notifying(sqlite, hook(endpoint)).run("check_backups", "--notify", code=1)
        assert "redirects are not followed" in outcome.out
        assert elsewhere.posted == []


def test_a_restore_is_told(sqlite: Deployment, endpoint: Web) -> None:
    deployment = notifying(sqlite, hook(endpoint, EVENTS=["restore_done"]))
    deployment.run("backup_db")
    deployment.run("restore_db", "--no-input")
    deployment.run("backup_db")

    [alarm] = endpoint.documents()
    assert alarm["event"] == "restore_done"
    assert "default_pre-restore_" in alarm["text"]
    assert json.loads((deployment.backups / ".holdfast-alarms.json").read_text()) == {}


def test_rows_that_vanish_are_told(sqlite: Deployment, endpoint: Web) -> None:
    deployment = notifying(sqlite, hook(endpoint), ALARMS={"CHANGE": 0.01})
    for _ in range(3):
        deployment.run("backup_db")
    assert endpoint.posted == []

    deployment.execute("DELETE FROM auth_permission; SELECT 1")
    deployment.run("backup_db")
    deployment.run("backup_db", "--type", "daily")
    [alarm] = endpoint.documents()
    assert (alarm["event"], alarm["kind"]) == ("changed", "manual")
    assert alarm["facts"]["rows"] < alarm["facts"]["usual_rows"]


@contextmanager
def held_up(deployment: Deployment) -> Iterator[None]:
    """Let every backup wait for a lock."""
    if deployment.server is not None:
        with locked(deployment, "catalog_author"):
            yield
        return
    with closing(sqlite3.connect(deployment.name(), isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        yield


def test_a_backup_that_takes_too_long_is_told_while_it_runs(deployment: Deployment, endpoint: Web) -> None:
    slow = notifying(deployment, hook(endpoint), ALARMS={"DURATION": "1s"}, LOCK_TIMEOUT=PATIENCE)
    command = [sys.executable, str(MANAGE), "backup_db"]
    with held_up(slow):
        running = subprocess.Popen(command, env=slow.environment(), cwd=slow.folder, stdout=subprocess.DEVNULL)
        assert endpoint.arrived.wait(PATIENCE)
        assert running.poll() is None
    assert running.wait(PATIENCE) == 0
    [alarm] = endpoint.documents()
    assert (alarm["event"], alarm["severity"], alarm["alias"]) == ("too_slow", "warning", "default")
    assert "has been running for 1 second and is not done" in alarm["text"]
    notifying(deployment, hook(endpoint)).run("backup_db")
    assert events(endpoint) == ["too_slow", "recovered"]


def test_backups_that_grow_old_are_told(sqlite: Deployment, endpoint: Web) -> None:
    deployment = notifying(sqlite, hook(endpoint), MAX_AGE={"default": {"daily": "1h"}})
    deployment.run("backup_db")
    assert [(alarm["event"], alarm["kind"]) for alarm in endpoint.documents()] == [("too_old", "daily")]

    deployment.run("backup_db", "--type", "daily")
    assert events(endpoint) == ["too_old", "recovered"]


def test_a_backup_found_bad_is_told(sqlite: Deployment, endpoint: Web) -> None:
    deployment = notifying(sqlite, hook(endpoint))
    deployment.run("backup_db")
    damaged = deployment.newest()
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 0xFF
    damaged.write_bytes(content)
    deployment.run("validate_backup", "latest", code=3)
    deployment.run("backup_db", "--type", "daily")
    assert "drill_failed" in events(endpoint)

    deployment.run("validate_backup", "latest")
    deployment.run("backup_db")
    assert events(endpoint).count("drill_failed") == events(endpoint).count("recovered") == 1


@pytest.mark.parametrize("options", [(), ("--skip-checks",)])
def test_a_folder_that_cannot_be_used_is_told_too(sqlite: Deployment, endpoint: Web, options: tuple[str, ...]) -> None:
    bad = notifying(sqlite, hook(endpoint))
    bad.backups.write_text("this is no folder")
    bad.run("backup_db", "--type", "daily", *options, code=None)
    assert events(endpoint) == ["backup_failed"]
    assert endpoint.documents()[0]["kind"] == "daily"


def test_what_a_person_has_mistyped_is_no_event_of_the_database(deployment: Deployment, endpoint: Web) -> None:
    told = notifying(deployment, hook(endpoint))
    told.run("backup_db")
    assert "there is no table nosuch" in told.run("backup_db", "--exclude-table-data", "nosuch", code=2).err
    told.run("validate_backup", "--deep", "nosuch", code=2)
    assert events(endpoint) == []
    found = told.run("backup_status", "--format=json", code=None).document()[0]
    assert (found["failures"], found["last_failure"]) == (0, None)


@pytest.mark.parametrize("error", [KeyboardInterrupt, commitment.Ended], ids=["ctrl-c", "sigterm"])
def test_ctrl_c_is_no_event_of_the_database_and_the_end_of_a_machine_is(
    deployment: Deployment, endpoint: Web, error: type[KeyboardInterrupt]
) -> None:
    told = notifying(deployment, hook(endpoint))
    is_event = error is not KeyboardInterrupt

    def interrupt(_event: dict[str, Any]) -> None:
        raise error

    with told.in_process():
        with pytest.raises(error):
            backup("default", on_event=interrupt)
        assert outbox.wait(PATIENCE) == []
        (run,) = history.runs(operation="backup")
        assert (run.result, run.error) == ("failed" if is_event else "cancelled", "interrupted")
        assert status()[0].failures == is_event
    assert events(endpoint) == ["backup_failed"] * is_event


@pytest.mark.parametrize("options", [(), ("--database", "default"), ("--all",), ("--skip-checks",)])
def test_settings_that_cannot_be_read_are_told_and_are_no_traceback(
    deployment: Deployment, options: tuple[str, ...]
) -> None:
    wrong = replace(deployment, settings={"NOTIFYY": [], "DATABASES": ["default"]})
    outcome = wrong.run("backup_db", *options, code=2)
    assert "NOTIFYY" in outcome.err
    assert "Traceback" not in outcome.text


def test_a_receiver_without_a_name_that_fails_stops_no_backup(
    sqlite: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(what: str, **_about: object) -> None:
        raise ValueError(what)

    receiver = partial(fail, "nobody listens")
    signals.backup_started.connect(receiver)
    try:
        with sqlite.in_process():
            assert backup("default").name in sqlite.files()
    finally:
        signals.backup_started.disconnect(receiver)
    assert caplog.text.count("of the signal backup_started failed") == 1


def test_every_channel_can_be_tried(deployment: Deployment, endpoint: Web, office: Post) -> None:
    channels = [
        hook(endpoint, EVENTS=["restore_done"]),
        {"CHANNEL": "ping", "URL": endpoint.url("/uuid")},
        {"CHANNEL": "email", "TO": ["ops@example.com"]},
        {"CHANNEL": "apprise", "URL": f"json://127.0.0.1:{endpoint.port}/apprise"},
    ]
    mail = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": office.port}
    outcome = notifying(deployment, *channels, django=mail).run("check_backups", "--notify", "--format", "json")

    found = outcome.document()
    assert [(channel["name"], channel["ok"]) for channel in found["channels"]] == [
        ("webhook", True), ("ping", True), ("email", True), ("apprise", True),
    ]  # fmt: skip
    assert all(probe["ok"] for probe in found["probes"])
    assert sorted(endpoint.paths()) == sorted([ADDRESS, "/uuid/log", "/apprise"])
    assert "This is a test" in office.mails[0]["Subject"]
    assert not (deployment.backups / ".holdfast-alarms.json").exists()


def test_a_store_that_gets_nothing_is_told(sqlite: Deployment, endpoint: Web) -> None:
    offsite = {"BUCKET": "away", "ENDPOINT": "http://127.0.0.1:1", "REGION": "nowhere", "TIMEOUT": 1}
    far = notifying(sqlite, hook(endpoint), STORES={"offsite": offsite})
    keys = {"AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": "5ecret-of-the-bucket"}
    far = replace(far, variables={**far.variables, **keys})

    far.run("backup_db", "--upload", code=5)
    far.run("backup_db", "--upload", "--type", "daily", code=5)
    [alarm] = endpoint.documents()
    assert (alarm["event"], alarm["key"]) == ("upload_missing", "upload_missing:default:offsite")

    far.run("check_backups", code=1)
    assert endpoint.documents()[1]["title"] == "offsite does not answer"
    assert "5ecret" not in spoken(endpoint)
