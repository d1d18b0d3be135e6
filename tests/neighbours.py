"""What stands beside a server: a pooler before it, a standby behind it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.servers import CACHE, PATIENCE, PREFIX, TEMPORARY, Server, ServerError, as_server, free_port, give_to_server

POOLER = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"


@contextmanager
def pooler(
    server: Server, mode: str, user: str, password: str, database: str = "*", **settings: str | int
) -> Iterator[int]:
    """Give the port of a PgBouncer before this server; it lets everybody in as this user, into one database or all."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=TEMPORARY) as name:
        folder = Path(name)
        give_to_server(folder)
        file = folder / "pgbouncer.ini"
        file.write_text(
            f"[databases]\n{database} = host={server.host} port={server.port} user={user} password={password}\n"
            f"[pgbouncer]\nlisten_addr = {server.host}\nlisten_port = {port}\nunix_socket_dir =\n"
            f"auth_type = any\npool_mode = {mode}\nlogfile = {folder}/log\n"
            + "".join(f"{name} = {value}\n" for name, value in settings.items())
        )
        with subprocess.Popen([*as_server(), POOLER, "--quiet", str(file)], cwd="/") as process:
            try:
                _wait_for(server.host, port)
                yield port
            finally:
                process.kill()


@contextmanager
def stand_by(primary: Server) -> Iterator[Server]:
    """Start a standby that follows this server."""
    standby = Server(primary.binaries)
    try:
        give_to_server(standby.socket_dir)
        program = str(CACHE / "client" / "bin" / "pg_basebackup")
        source = ["--host", str(primary.socket_dir), "--port", str(primary.port), "--username", primary.user]
        options = ["--pgdata", str(standby.data), "--write-recovery-conf", "--checkpoint=fast", "--no-sync"]
        subprocess.run([*as_server(), program, *source, *options], cwd="/", check=True, capture_output=True)
        with (standby.data / "postgresql.conf").open("a") as configuration:
            configuration.write(f"port = {standby.port}\nunix_socket_directories = '{standby.socket_dir}'\n")
        standby.launch()
        yield standby
    finally:
        standby.close()


def _wait_for(host: str, port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with suppress(ConnectionRefusedError), socket.create_connection((host, port)):
            return
        time.sleep(0.01)
    raise ServerError("PgBouncer did not start")
