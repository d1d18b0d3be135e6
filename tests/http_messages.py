"""Just enough HTTP/1.1 to pass messages on byte by byte: heads that stay as they are, bodies that know their end."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

PIECE = 64 * 1024
# Both at once: whatever was not sent is thrown away, and the other side sees a reset, not an end.
RESET = struct.pack("ii", 1, 0)


class Gone(Exception):
    """The other side ended or broke the connection."""


class Side:
    """One end of a connection, read with a buffer."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._buffer = b""

    def line(self) -> bytes:
        while b"\n" not in self._buffer:
            self._fill()
        line, end, self._buffer = self._buffer.partition(b"\n")
        return line + end

    def pieces(self, size: int) -> Iterator[bytes]:
        """Exactly so many bytes, as they arrive."""
        while size > 0:
            if not self._buffer:
                self._fill()
            piece, self._buffer = self._buffer[:size], self._buffer[size:]
            size -= len(piece)
            yield piece

    def send(self, data: bytes) -> None:
        try:
            self.connection.sendall(data)
        except OSError as error:
            raise Gone from error

    def close(self, *, reset: bool = False) -> None:
        with suppress(OSError):
            if reset:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            else:
                self.connection.shutdown(socket.SHUT_RDWR)
        self.connection.close()

    def _fill(self) -> None:
        try:
            data = self.connection.recv(PIECE)
        except OSError as error:
            raise Gone from error
        if not data:
            raise Gone
        self._buffer += data


@dataclass(frozen=True)
class Head:
    """The first line and the headers of a message; names are in lower case."""

    first: bytes
    headers: tuple[tuple[str, bytes], ...]

    @classmethod
    def read(cls, side: Side) -> Head:
        first = side.line()
        headers = []
        while line := side.line().strip():
            name, _, value = line.partition(b":")
            headers.append((name.decode("latin-1").lower(), value.strip()))
        return cls(first.strip(), tuple(headers))

    def get(self, name: str) -> str:
        return next((value.decode("latin-1") for known, value in self.headers if known == name), "")

    def without(self, *names: str) -> Head:
        return Head(self.first, tuple(header for header in self.headers if header[0] not in names))

    def having(self, name: str, value: str) -> Head:
        return Head(self.first, (*self.without(name).headers, (name, value.encode("latin-1"))))

    def encode(self) -> bytes:
        lines = [self.first, *(name.encode() + b": " + value for name, value in self.headers)]
        return b"\r\n".join([*lines, b"", b""])

    def body(self, side: Side) -> Iterator[bytes]:
        """The bytes that follow, with the frames of a chunked body left in place."""
        if "chunked" not in self.get("transfer-encoding").lower():
            yield from side.pieces(int(self.get("content-length") or 0))
            return
        size = 1
        while size:
            line = side.line()
            size = int(line.partition(b";")[0], 16)
            yield line
            yield from side.pieces(size)
            if size:
                yield side.line()
        while line.strip():
            line = side.line()
            yield line


@dataclass(frozen=True)
class Request:
    """A request to S3 in path style, and what S3 calls it."""

    head: Head
    number: int

    @property
    def method(self) -> str:
        return self.head.first.split()[0].decode()

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self._target).query, keep_blank_values=True))

    @property
    def key(self) -> str:
        return unquote(urlsplit(self._target).path).lstrip("/").partition("/")[2]

    @property
    def part(self) -> int | None:
        return int(self.query["partNumber"]) if "partNumber" in self.query else None

    @property
    def action(self) -> str:
        """The name of the call: `UploadPart`, `ListObjectsV2`; `GetBucket?policy` for what has no name here."""
        query = self.query
        multipart = {("POST", "uploads"): "CreateMultipartUpload", ("GET", "uploads"): "ListMultipartUploads"}
        multipart |= {("POST", "uploadId"): "CompleteMultipartUpload", ("DELETE", "uploadId"): "AbortMultipartUpload"}
        multipart |= {("PUT", "uploadId"): "UploadPart", ("GET", "uploadId"): "ListParts"}
        multipart |= {("POST", "delete"): "DeleteObjects", ("GET", "list-type"): "ListObjectsV2"}
        for (method, parameter), name in multipart.items():
            if method == self.method and parameter in query:
                if name == "UploadPart" and self.head.get("x-amz-copy-source"):
                    return "UploadPartCopy"
                return name
        if self.method == "PUT" and self.key and self.head.get("x-amz-copy-source"):
            return "CopyObject"
        about = next((f"?{name}" for name, value in query.items() if not value), "")
        return self.method.capitalize() + ("Object" if self.key else "Bucket") + about

    @property
    def _target(self) -> str:
        return self.head.first.split()[1].decode("latin-1")
