"""A connection that is lost during COMMIT: the restore says what became of it, and never guesses."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from enum import Enum

import pytest

from tests.deployment import Deployment

# A simple query as it stands on the wire; the name of no table ends so.
COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"


class Loss(Enum):
    """What happens to the COMMIT before the connection goes."""

    ARRIVED = "arrived"
    LOST = "lost"


class LosingProxy:
    """Passes everything on, and hangs up at the first COMMIT, or the first on a connection that has said `after`."""

    def __init__(self, host: str, port: int, loss: Loss, after: bytes = b"") -> None:
        self.after = after
        self.server = (host, port)
        self.loss = loss
        self.has_lost = False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        hung_up = threading.Event()
        with client, socket.create_connection(self.server) as server:
            answers = threading.Thread(target=self._answer, args=(server, client, hung_up), daemon=True)
            answers.start()
            with suppress(OSError):
                heard = not self.after
                while data := client.recv(1 << 16):
                    heard = heard or self.after in data
                    if data.endswith(COMMIT) and heard and not self.has_lost:
                        self.has_lost = True
                        hung_up.set()
                        if self.loss is Loss.ARRIVED:
                            server.sendall(data)
                            answers.join()
                        break
                    server.sendall(data)
            # Closing alone says nothing to the server while the other thread still waits for it.
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)

    def _answer(self, server: socket.socket, client: socket.socket, hung_up: threading.Event) -> None:
        with suppress(OSError):
            while (data := server.recv(1 << 16)) and not hung_up.is_set():
                client.sendall(data)


@pytest.mark.parametrize("loss", Loss)
def test_a_connection_lost_in_commit_is_asked_after(postgresql: Deployment, loss: Loss) -> None:
    postgresql.settings = {"DATABASES": ["default"]}
    assert postgresql.server is not None
    backed_up = postgresql.states()
    postgresql.run("backup_db", "--skip-unsupported")
    postgresql.wreck()
    wrecked = postgresql.states()
    address = postgresql.databases["default"]
    proxy = LosingProxy(postgresql.server.host, postgresql.server.port, loss)
    postgresql.databases = {**postgresql.databases, "default": {**address, "PORT": str(proxy.port)}}
    outcome = postgresql.run("restore_db", "--no-input", "--no-safety-backup", code=None)
    postgresql.databases = {**postgresql.databases, "default": address}
    assert proxy.has_lost
    postgresql.settle()
    if loss is Loss.ARRIVED:
        assert outcome.code == 0, outcome.text
        postgresql.assert_unchanged(backed_up)
    else:
        assert outcome.code == 1, outcome.text
        assert "the server closed the connection while committing the restore" in outcome.err
        postgresql.assert_unchanged(wrecked)
