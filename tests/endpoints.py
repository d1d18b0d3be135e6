"""Endpoints of alarms for the tests: an HTTP server and an SMTP server of this process, which keep what they get."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

from tests.servers import free_port

PATIENCE = 30.0


@dataclass(frozen=True)
class Posted:
    path: str
    headers: dict[str, str]
    body: bytes

    def document(self) -> Any:
        return json.loads(self.body)


@dataclass
class Web:
    """Answers every POST with `status`, the next ones of `statuses` first, or not at all while it is `silent`."""

    status: int = 200
    statuses: list[int] = field(default_factory=list)
    location: str | None = None
    silent: bool = False
    posted: list[Posted] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def documents(self) -> list[Any]:
        return [posted.document() for posted in self.posted]

    def paths(self) -> list[str]:
        return [posted.path for posted in self.posted]


@contextmanager
def web(secure: ssl.SSLContext | None = None) -> Iterator[Web]:
    endpoint = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            endpoint.posted.append(Posted(self.path, dict(self.headers.items()), body))
            endpoint.arrived.set()
            if endpoint.silent:
                endpoint.released.wait(PATIENCE)
                return
            self.send_response(endpoint.statuses.pop(0) if endpoint.statuses else endpoint.status)
            if endpoint.location:
                self.send_header("Location", endpoint.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        # What a followed redirect becomes.
        do_GET = do_POST  # noqa: N815 - the name that http.server looks for

        def log_message(self, *_arguments: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        endpoint.port = server.server_address[1]
        if secure is not None:
            server.socket = secure.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield endpoint
        finally:
            endpoint.released.set()
            server.shutdown()
            thread.join()


@dataclass
class Post:
    """Mails, and to whom they went."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.mails.append(BytesParser(policy=default).parsebytes(envelope.content))
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 taken"


@contextmanager
def post_office() -> Iterator[Post]:
    office = Post(free_port())
    controller = Controller(office, hostname="127.0.0.1", port=office.port, ready_timeout=PATIENCE)
    controller.start()
    try:
        yield office
    finally:
        controller.stop()
