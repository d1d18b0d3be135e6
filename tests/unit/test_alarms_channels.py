"""Channels that need more than an endpoint: Sentry's and Apprise's own libraries, TLS, a process that forks."""

import gzip
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest
import sentry_sdk
from django.test import override_settings

from holdfast.alarms import channels
from holdfast.alarms.alarm import EVENTS, Alarm
from holdfast.alarms.channels.http import post
from holdfast.alarms.secret import Secret
from holdfast.alarms.settings import Channel
from holdfast.exceptions import DeliveryFailed
from tests.endpoints import Web, web
from tests.servers import CACHE

ALARM = Alarm(
    "backup_failed", "backup_failed:default", "Backup of default failed", "No server. <!channel>", "2026-11-21T02:00:00Z",
    alias="default", kind="daily", facts={"last_good": None, "rows": 12_000}, host="web1",
)  # fmt: skip


def channel(kind: str, **options: object) -> Channel:
    return Channel(kind, kind, frozenset(EVENTS), databases=None, kinds=None, options=options)


@pytest.fixture
def endpoint() -> Iterator[Web]:
    with web() as running:
        yield running


def test_sentry_gets_one_issue_for_each_trouble(endpoint: Web) -> None:
    with pytest.raises(DeliveryFailed, match="not initialized"):
        channels.send(channel("sentry"), ALARM)

    sentry_sdk.init(dsn=f"http://key@127.0.0.1:{endpoint.port}/1", default_integrations=False)
    try:
        channels.send(channel("sentry"), ALARM)
    finally:
        sentry_sdk.get_client().close()
        sentry_sdk.get_global_scope().set_client(None)
    [posted] = endpoint.posted
    body = gzip.decompress(posted.body) if posted.headers.get("Content-Encoding") == "gzip" else posted.body
    assert posted.path == "/api/1/envelope/"
    assert b'"message":"Backup of default failed (web1)"' in body
    assert b'"fingerprint":["holdfast","backup_failed","backup_failed:default"]' in body
    assert b'"level":"error"' in body


# Its plugins use what Python has deprecated.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_apprise_gets_title_and_kind(endpoint: Web) -> None:
    channels.send(channel("apprise", URL=Secret(f"json://127.0.0.1:{endpoint.port}/x")), ALARM)
    [document] = endpoint.documents()
    assert (document["title"], document["type"]) == ("Backup of default failed (web1)", "failure")

    endpoint.status = 500
    with pytest.raises(DeliveryFailed, match="could not deliver"):
        channels.send(channel("apprise", URL=Secret(f"json://127.0.0.1:{endpoint.port}/x")), ALARM)
    with pytest.raises(DeliveryFailed, match="does not know"):
        channels.send(channel("apprise", URL=Secret("nonsense://pa55")), ALARM)


def test_discord_shows_markup_as_it_is_written(endpoint: Web) -> None:
    text = "[log in](https://evil.example) `x` a_b_c " + "*" * 5000
    channels.send(channel("discord", URL=Secret(endpoint.url())), replace(ALARM, text=text))
    [document] = endpoint.documents()
    description = document["embeds"][0]["description"]
    assert description.startswith(r"\[log in\]\(https://evil.example\) \`x\` a\_b\_c \*")
    assert len(description) <= 4096
    assert (len(description) - len(description.rstrip("\\"))) % 2 == 0


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_apprise_is_told_that_nothing_is_markup(endpoint: Web) -> None:
    address = Secret(f"json://127.0.0.1:{endpoint.port}/x?format=html")
    channels.send(channel("apprise", URL=address), replace(ALARM, text="<img src=x>"))
    assert "&lt;img" in endpoint.documents()[0]["message"]


def test_nobody_is_woken_by_what_an_error_says(endpoint: Web) -> None:
    channels.send(channel("slack", URL=Secret(endpoint.url())), ALARM)
    [document] = endpoint.documents()
    assert "&lt;!channel&gt;" in document["text"] and "<!" not in document["text"]
    assert "rows: 12,000" in document["text"] and "last good" not in document["text"]


def test_a_certificate_that_nobody_vouches_for_is_refused() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CACHE / "certificates" / "localhost.crt", CACHE / "certificates" / "localhost.key")
    with web(context) as secure:
        address = Secret(f"https://localhost:{secure.port}/T0P5ECRET")
        with pytest.raises(DeliveryFailed, match="the certificate is not valid") as raised:
            post(address, b"{}", {})
    assert secure.posted == []
    assert "T0P5ECRET" not in f"{raised.value!r} {raised.value.__cause__!r}"


def test_errors_name_no_address(endpoint: Web) -> None:
    endpoint.status = 404
    for address in (endpoint.url("/T0P5ECRET"), "http://127.0.0.1:1/T0P5ECRET", "http://T0P5ECRET.invalid/"):
        with pytest.raises(DeliveryFailed) as raised:
            post(Secret(address), b"{}", {})
        assert "T0P5ECRET" not in f"{raised.value!r} {raised.value.hint} {raised.value.__cause__!r}"


FORKING = """
import os, threading
from holdfast.alarms import outbox
held = threading.Event()
outbox.run("line", held.wait)
if os.fork() == 0:
    done = threading.Event()
    outbox.run("line", done.set)
    os._exit(0 if done.wait(20) and outbox.wait(20) == [] else 1)
assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
assert outbox.wait(0) == ["line"]
held.set()
assert outbox.wait(20) == []
"""


def test_a_forked_process_sends_its_own() -> None:
    done = subprocess.run([sys.executable, "-c", FORKING], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.parametrize("kind", ["webhook", "email"])
def test_a_server_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Each byte comes soon enough for the limit of a step, and the answer never ends."""
    monkeypatch.setitem(channels.EXCHANGE_SECONDS, kind, 1.0)
    over = threading.Event()

    def drip(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.sendall(b"220-" if kind == "email" else b"HTTP/1.1 200 OK\r\nX: ")
            while not over.wait(0.05):
                connection.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        smtp = {"EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend", "EMAIL_HOST": "127.0.0.1"}
        options = {"URL": Secret(f"http://127.0.0.1:{port}/"), "KEY": Secret("k" * 20), "TO": ("a@example.com",)}
        try:
            with override_settings(**smtp, EMAIL_PORT=port):
                with pytest.raises(DeliveryFailed, match="no end of the answer within 1 seconds"):
                    channels.send(channel(kind, **options), ALARM)
                with pytest.raises(DeliveryFailed, match="has not come to its end yet"):
                    channels.send(channel(kind, **options), ALARM)
        finally:
            over.set()
            thread.join()
