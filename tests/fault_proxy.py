"""A proxy between a client of S3 and a store, which breaks what it is told to break, and counts.

    with FaultProxy(garage.port) as proxy:
        proxy.add(Answer(503, "SlowDown"), action="UploadPart", part=2, times=3)
        ...                                      # the client talks to proxy.endpoint
        assert proxy.count("UploadPart") == 5

The signature of a request covers its `Host`, so heads pass unchanged; a store that is addressed by path does not mind
that it is called by the proxy's address. A rule applies to requests in the order of their arrival.
"""

from __future__ import annotations

import re
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import formatdate, parsedate_to_datetime
from types import TracebackType
from typing import Protocol, Self

from tests.http_messages import Gone, Head, Request, Side

HOST = "127.0.0.1"
Change = Callable[[Iterator[bytes]], Iterator[bytes]]


class Broken(Exception):
    """This connection is to end now."""

    def __init__(self, *, reset: bool) -> None:
        super().__init__()
        self.reset = reset


class Fault(Protocol):
    def __call__(self, exchange: Exchange) -> None:
        """See to one request instead of passing it on and its answer back."""


@dataclass
class Exchange:
    """One request and its answer, on their way."""

    request: Request
    client: Side
    store: Side

    def request_body(self) -> Iterator[bytes]:
        """The body, which a client may hold back until it is asked for it."""
        if self.request.head.get("expect"):
            self.client.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        yield from self.request.head.body(self.client)

    def pass_request(self, change: Change = iter) -> None:
        try:
            self.store.send(self.request.head.without("expect").encode())
            for piece in change(self.request_body()):
                self.store.send(piece)
        except Gone:
            # A store that refuses answers before it has read everything; the answer tells.
            if not select.select([self.store.connection], [], [], 0)[0]:
                raise

    def read_answer(self) -> Head:
        head = Head.read(self.store)
        while head.first.split()[1].startswith(b"1"):
            head = Head.read(self.store)
        return head

    def answer_body(self, head: Head) -> Iterator[bytes]:
        if self.request.method == "HEAD" or head.first.split()[1] in {b"204", b"304"}:
            return iter(())
        return head.body(self.store)

    def pass_answer(self, head: Head, change: Change = iter) -> None:
        self.client.send(head.encode())
        for piece in change(self.answer_body(head)):
            self.client.send(piece)

    def pass_on(self) -> None:
        self.pass_request()
        self.pass_answer(self.read_answer())


def first(size: int) -> Change:
    """So many bytes of a body, then the end of the connection."""

    def change(pieces: Iterator[bytes]) -> Iterator[bytes]:
        left = size
        for piece in pieces:
            yield piece[:left]
            left -= len(piece[:left])
            if not left:
                return

    return change


def flipped(position: int) -> Change:
    """A body with one bit turned."""

    def change(pieces: Iterator[bytes]) -> Iterator[bytes]:
        offset = 0
        for piece in pieces:
            at = position - offset
            offset += len(piece)
            yield piece[:at] + bytes([piece[at] ^ 1]) + piece[at + 1 :] if 0 <= at < len(piece) else piece

    return change


@dataclass(frozen=True)
class Answer:
    """An error of S3's in place of the store's answer; the request does not reach the store."""

    status: int
    code: str
    message: str = "as the test wants it"
    headers: tuple[tuple[str, str], ...] = ()

    def __call__(self, exchange: Exchange) -> None:
        for _ in exchange.request_body():
            pass
        text = f"<?xml version='1.0'?><Error><Code>{self.code}</Code><Message>{self.message}</Message></Error>"
        body = b"" if exchange.request.method == "HEAD" else text.encode()
        head = Head(f"HTTP/1.1 {self.status} {self.code}".encode(), ())
        given = {"content-type": "application/xml", "content-length": str(len(body)), "date": formatdate(usegmt=True)}
        for name, value in {**given, **dict(self.headers)}.items():
            head = head.having(name, value)
        exchange.client.send(head.encode() + body)


@dataclass(frozen=True)
class ResetRequest:
    """The connection breaks when the store has got so many bytes of the body; with none, at the boundary."""

    after: int = 0

    def __call__(self, exchange: Exchange) -> None:
        if self.after:
            exchange.pass_request(first(self.after))
        raise Broken(reset=True)


@dataclass(frozen=True)
class ResetAnswer:
    """The connection breaks when the client has got so many bytes of the answer's body."""

    after: int

    def __call__(self, exchange: Exchange) -> None:
        exchange.pass_request()
        exchange.pass_answer(exchange.read_answer(), first(self.after))
        raise Broken(reset=True)


@dataclass(frozen=True)
class TruncateAnswer:
    """The answer ends in good order after so many bytes of the body, though its head promises more."""

    after: int

    def __call__(self, exchange: Exchange) -> None:
        exchange.pass_request()
        exchange.pass_answer(exchange.read_answer(), first(self.after))
        raise Broken(reset=False)


@dataclass(frozen=True)
class SpoilRequest:
    """The store gets another body than was sent."""

    position: int

    def __call__(self, exchange: Exchange) -> None:
        exchange.pass_request(flipped(self.position))
        exchange.pass_answer(exchange.read_answer())


@dataclass(frozen=True)
class SpoilAnswer:
    """The client gets another body than was sent."""

    position: int

    def __call__(self, exchange: Exchange) -> None:
        exchange.pass_request()
        exchange.pass_answer(exchange.read_answer(), flipped(self.position))


@dataclass(frozen=True)
class SwallowAnswer:
    """The store does what it was asked for, and the client never learns of it."""

    def __call__(self, exchange: Exchange) -> None:
        exchange.pass_request()
        for _ in exchange.answer_body(exchange.read_answer()):
            pass
        raise Broken(reset=True)


@dataclass(frozen=True)
class Stall:
    """Nothing moves any more until the client gives up; of the answer it has got so many bytes, or not even a head."""

    after: int | None = None

    def __call__(self, exchange: Exchange) -> None:
        if self.after is not None:
            exchange.pass_request()
            exchange.pass_answer(exchange.read_answer(), first(self.after))
        poll = select.poll()
        poll.register(exchange.client.connection, select.POLLRDHUP)
        poll.poll()
        raise Broken(reset=False)


@dataclass(frozen=True)
class Drip:
    """The answer moves all the time and gets nowhere, until the client gives up."""

    every: float = 0.1

    def __call__(self, exchange: Exchange) -> None:
        def slowly(pieces: Iterator[bytes]) -> Iterator[bytes]:
            for piece in pieces:
                for byte in piece:
                    yield bytes([byte])
                    time.sleep(self.every)

        exchange.pass_request()
        exchange.pass_answer(exchange.read_answer(), slowly)


@dataclass(frozen=True)
class ShiftClock:
    """The store's clock is so many seconds ahead of ours."""

    seconds: int

    def __call__(self, exchange: Exchange) -> None:
        exchange.pass_request()
        head = exchange.read_answer()
        moment = parsedate_to_datetime(head.get("date")).timestamp() + self.seconds
        exchange.pass_answer(head.having("date", formatdate(moment, usegmt=True)))


@dataclass(frozen=True)
class ShiftDates:
    """Everything in a listing is so many seconds older than it is."""

    seconds: int

    def __call__(self, exchange: Exchange) -> None:
        def older(found: re.Match[bytes]) -> bytes:
            moment = datetime.fromisoformat(found[2].decode()) - timedelta(seconds=self.seconds)
            return found[1] + moment.isoformat().encode()

        exchange.pass_request()
        # The length stays, so that the head still tells it.
        exchange.pass_answer(
            exchange.read_answer(),
            lambda pieces: iter([re.sub(rb"(<(?:LastModified|Initiated)>)([0-9T:-]{19})", older, b"".join(pieces))]),
        )


@dataclass(frozen=True)
class Meanwhile:
    """Something else happens in the store just before the request reaches it."""

    act: Callable[[], object]

    def __call__(self, exchange: Exchange) -> None:
        self.act()
        exchange.pass_on()


@dataclass
class Rule:
    """To which requests a fault happens: the first `skip` that fit are spared, `times` of those that follow are met."""

    fault: Fault
    action: str | None
    part: int | None
    ends: str
    skip: int
    times: int | None
    met: int = 0

    def applies(self, request: Request) -> bool:
        fits = self.action in {None, request.action} and self.part in {None, request.part}
        if not fits or not request.key.endswith(self.ends):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times == self.met:
            return False
        self.met += 1
        return True


@dataclass
class FaultProxy:
    """Listens on a free port while its context lasts."""

    port: int
    requests: list[Request] = field(default_factory=list)
    _rules: list[Rule] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _sides: set[Side] = field(default_factory=set)

    def __enter__(self) -> Self:
        self._listener = socket.create_server((HOST, 0), backlog=64)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        # It wakes the thread that accepts; closing alone would not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            sides = list(self._sides)
        for side in sides:
            with suppress(OSError):
                side.connection.shutdown(socket.SHUT_RDWR)

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self._listener.getsockname()[1]}"

    def add(
        self, fault: Fault, action: str | None = None, *, part: int | None = None, ends: str = "", skip: int = 0,
        times: int | None = 1,
    ) -> Rule:  # fmt: skip
        """A fault for requests with this action, part number and end of the key; without `times` for all of them."""
        rule = Rule(fault, action, part, ends, skip, times)
        with self._lock:
            self._rules.append(rule)
        return rule

    def heal(self) -> None:
        """No more faults, and the count begins anew."""
        with self._lock:
            self._rules.clear()
            self.requests.clear()

    def count(self, *actions: str, part: int | None = None, ends: str = "") -> int:
        """How many requests came so far; all of them without `actions`."""
        with self._lock:
            return sum(
                (not actions or request.action in actions) and part in {None, request.part} and request.key.endswith(ends)
                for request in self.requests
            )  # fmt: skip

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(Side(connection),), daemon=True).start()

    def _serve(self, client: Side) -> None:
        reset = False
        store = Side(socket.create_connection((HOST, self.port)))
        with self._lock:
            self._sides |= {client, store}
        try:
            while True:
                self._exchange(client, store)
        except Broken as broken:
            reset = broken.reset
        except Gone:
            pass
        finally:
            with self._lock:
                self._sides -= {client, store}
            client.close(reset=reset)
            store.close()

    def _exchange(self, client: Side, store: Side) -> None:
        head = Head.read(client)
        with self._lock:
            request = Request(head, len(self.requests) + 1)
            self.requests.append(request)
            rule = next((rule for rule in self._rules if rule.applies(request)), None)
        exchange = Exchange(request, client, store)
        if rule is None:
            exchange.pass_on()
        else:
            rule.fault(exchange)
