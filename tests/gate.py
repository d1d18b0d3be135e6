"""A gate between a client and its server: a run stands still in the middle of what it reads until a test lets it go on.

with Gate(server.host, server.port, after=8 << 20) as gate:
    ...                                      # the client talks to gate.port
    gate.reached.wait()                      # so many bytes of an answer have passed
    gate.open()
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

PIECE = 1 << 16


@dataclass
class Gate:
    """Passes on what clients say, and of the answers on each connection so many bytes until it is opened."""

    host: str
    server_port: int
    after: int
    reached: threading.Event = field(default_factory=threading.Event)
    _opened: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.open()
        # It wakes the thread that accepts; closing alone would not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def open(self) -> None:
        self._opened.set()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), client, socket.create_connection((self.host, self.server_port)) as server:
            answers = threading.Thread(target=self._answer, args=(server, client), daemon=True)
            answers.start()
            try:
                while data := client.recv(PIECE):
                    server.sendall(data)
            finally:
                # The server learns that its client is gone even while its answers are held.
                server.shutdown(socket.SHUT_RDWR)
                answers.join()

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        passed = 0
        with suppress(OSError):
            while data := server.recv(PIECE):
                passed += len(data)
                if passed > self.after and not self._opened.is_set():
                    self.reached.set()
                    self._opened.wait()
                client.sendall(data)
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)
