"""Real PostgreSQL servers for the tests, one temporary data folder each.

    with start(18, tls=True) as server:
        server.create_database("shop")
        server.psql("CREATE TABLE ...", "shop")

The programs come from ``scripts/install_test_servers.sh``. These servers were built without lz4; ``start_with_lz4()``
takes the one that comes with the client programs, which is of the newest major. ``start(DEBIAN)`` takes Debian's newest
minor release, which has extensions of others. Over TCP every role needs its password (scram-sha-256);
the Unix socket asks for none, as only root and the server's own account can reach it.
Start a server from the main thread: the kernel stops it when the thread that started it ends.
"""

from __future__ import annotations

import atexit
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

# What everything is tested with; and what the catalogue of objects is, which takes little time for each.
MAJORS = (15, 16, 18)
ALL_MAJORS = (14, 15, 16, 17, 18)
# Debian's newest minor release of this major: what the distribution adds to PostgreSQL, a database may hold.
DEBIAN = "debian-15"
# The only one with pgvector.
PGVECTOR = "pgvector-16"

CACHE = Path(
    os.environ.get("HOLDFAST_TEST_CACHE")
    or (Path("/var/cache") if os.geteuid() == 0 else Path.home() / ".cache") / "holdfast-tests"
)
# Not $TMPDIR: a socket's path has 107 bytes at most, and the server's account must be able to walk to it.
TEMPORARY = Path("/", "tmp")
PREFIX = "holdfast-pg-"

SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "listen_addresses": "127.0.0.1",
        "max_connections": "50",
        "shared_buffers": "32MB",
        "fsync": "off",
        # initdb derives 64 MB from the small segments, and a bulk load would checkpoint all the time.
        "max_wal_size": "1GB",
        "timezone": "UTC",
        "log_timezone": "UTC",
        # Inside the data folder, so that a kill leaves none of it in /dev/shm.
        "dynamic_shared_memory_type": "mmap",
    }
)
INITDB_OPTIONS = (
    "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256", "--wal-segsize=1", "--no-sync"
)  # fmt: skip
CERTIFICATE_ACCESS = """
hostssl  all          certuser  127.0.0.1/32  cert
host     all          certuser  127.0.0.1/32  reject
"""
ACCESS = f"""{CERTIFICATE_ACCESS}
local    all          all                     trust
local    replication  all                     trust
host     all          all       127.0.0.1/32  scram-sha-256
host     replication  all       127.0.0.1/32  scram-sha-256
"""
DUMP_NOISE = re.compile(
    r"(?m)^(\\restrict test\n\n|\\unrestrict test\n\n|-- Dumped (from|by) .*\n|SET transaction_timeout = 0;\n)"
)
# What Debian's server notes of each column for itself, which pg_dump takes for an option of the user's.
BOOKKEEPING = re.compile(
    r"(?m)^ALTER .* SET \(pg_attver=\d+\);\n|, pg_attver=\d+(?=\);$)|(?<= SET \()pg_attver=\d+(, |(?=\);$))"
)
Mode = Literal["smart", "fast", "immediate"]
SIGNALS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
PATIENCE = 60.0


class ServerError(Exception):
    """A server or one of its programs failed; the text holds what it printed."""


@dataclass(frozen=True)
class Binaries:
    major: int
    bindir: Path


def find(package: int | str) -> Binaries:
    package = f"server-{package}" if isinstance(package, int) else package
    for needed in (package, "client"):
        if not (CACHE / needed / "VERSION").is_file():
            raise ServerError(f"{needed} is not in {CACHE}: run scripts/install_test_servers.sh")
    major = int((CACHE / package / "VERSION").read_text().partition(".")[0])
    return Binaries(major, CACHE / package / "bin")


def start(
    package: int | str, *, tls: bool = False, settings: Mapping[str, str] = MappingProxyType({})
) -> AbstractContextManager[Server]:
    """`package` is a major, or the name of a package of programs, as `DEBIAN` is."""
    return _running(find(package), settings, tls=tls)


def start_with_lz4(settings: Mapping[str, str] = MappingProxyType({})) -> AbstractContextManager[Server]:
    return _running(find("client"), settings, tls=False)


@contextmanager
def _running(binaries: Binaries, settings: Mapping[str, str], *, tls: bool) -> Iterator[Server]:
    server = Server(binaries)
    try:
        server.prepare(settings, tls=tls)
        server.launch()
        if tls:
            server.create_role("certuser")
        yield server
    finally:
        server.close()


class Server:
    host = "127.0.0.1"
    user = "postgres"
    password = "opensesame"
    # With tls=True the server's certificate is for localhost and 127.0.0.1, the client's for the role `certuser`.
    ca = CACHE / "certificates" / "ca.crt"
    client_certificate = CACHE / "certificates" / "certuser.crt"
    client_key = CACHE / "certificates" / "certuser.key"

    def __init__(self, binaries: Binaries) -> None:
        _sweep()
        self.binaries = binaries
        self.major = binaries.major
        self.port = free_port()
        self.socket_dir = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=TEMPORARY))
        self.data = self.socket_dir / "data"
        self.log = self.socket_dir / "log"
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.close)

    def prepare(self, settings: Mapping[str, str], *, tls: bool) -> None:
        give_to_server(self.socket_dir)
        _run([*as_server(), "cp", "-a", "--reflink=auto", str(_template(self.binaries)), str(self.data)])
        merged = {**SETTINGS, "port": str(self.port), "unix_socket_directories": str(self.socket_dir)}
        if tls:
            key = Path(shutil.copy(CACHE / "certificates" / "localhost.key", self.socket_dir))
            give_to_server(key)
            merged |= {"ssl": "on", "ssl_ca_file": str(self.ca), "ssl_key_file": str(key)}
            merged["ssl_cert_file"] = str(self.ca.with_name("localhost.crt"))
        with (self.data / "postgresql.conf").open("a") as configuration:
            for name, value in {**merged, **settings}.items():
                configuration.write(name + " = " + _quoted(value, "'") + "\n")
        # Without TLS the server refuses to read a `hostssl` line.
        (self.data / "pg_hba.conf").write_text(ACCESS if tls else ACCESS.replace(CERTIFICATE_ACCESS, ""))

    def launch(self) -> None:
        command = [*as_server(), str(self.binaries.bindir / "postgres"), "-D", str(self.data)]
        with self.log.open("ab") as log:
            # Its own session, so that Ctrl-C in the terminal reaches the tests alone.
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env=_environment(),
                start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + PATIENCE
        while not self._is_ready(self._process.pid):
            if self._process.poll() is not None or time.monotonic() > deadline:
                tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-30:])
                self.kill()
                raise ServerError(f"PostgreSQL {self.major} did not start:\n{tail}")
            time.sleep(0.01)

    def _is_ready(self, process: int) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        # The process id tells this start from the file that a killed server left.
        return len(lines) > 7 and lines[0] == str(process) and lines[7].strip() == "ready"

    def stop(self, mode: Mode = "fast") -> None:
        if self._process is None:
            return
        self._process.send_signal(SIGNALS[mode])
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ServerError(f"PostgreSQL {self.major} did not stop ({mode})") from None
        self._process = None

    def kill(self) -> None:
        """SIGKILL for the server and all its children, as the kernel's out-of-memory killer would send it."""
        if self._process is None:
            return
        children: list[int] = []
        if self._process.poll() is None:
            # Stopped first, or it would start new children while the old ones die.
            self._process.send_signal(signal.SIGSTOP)
            os.waitpid(self._process.pid, os.WUNTRACED)
            children = _children(self._process.pid)
            for process in (self._process.pid, *children):
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            self._process.wait()
        self._process = None
        deadline = time.monotonic() + PATIENCE
        while any(_parent(child) is not None for child in children) and time.monotonic() < deadline:
            time.sleep(0.005)

    def restart(self, mode: Mode = "fast") -> None:
        self.stop(mode)
        self.launch()

    def close(self) -> None:
        try:
            self.stop("immediate")
        finally:
            self.kill()
            _remove(self.socket_dir)
            atexit.unregister(self.close)

    def dsn(self, dbname: str = "postgres", **parameters: str) -> str:
        """A connection string over TCP; `parameters` add to it or replace parts of it."""
        address = {"host": self.host, "port": str(self.port), "user": self.user, "password": self.password}
        merged = {**address, "dbname": dbname, **parameters}
        return " ".join(name + "='" + re.sub(r"([\\'])", r"\\\1", value) + "'" for name, value in merged.items())

    def client(self, program: str, *arguments: str, stdin: str = "") -> str:
        """Runs psql, pg_dump, pg_restore, ...; without other arguments it connects over the socket as superuser."""
        return _run([str(CACHE / "client" / "bin" / program), *arguments], stdin=stdin, environment=self.environment())

    def environment(self, **variables: str) -> dict[str, str]:
        """What its client programs run with to connect over the socket as superuser."""
        return _environment(PGHOST=str(self.socket_dir), PGPORT=str(self.port), PGUSER=self.user, **variables)

    def psql(self, sql: str, dbname: str = "postgres") -> str:
        """Unaligned rows without headings; the first error stops it. `dbname` may be a whole connection string."""
        options = ("--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1")
        return self.client("psql", *options, f"--dbname={dbname}", stdin=sql).removesuffix("\n")

    def pg_dump(self, dbname: str, *arguments: str) -> str:
        """The plain text of a dump, without what differs between dumps of equal databases or stops an older server."""
        text = self.client("pg_dump", "--restrict-key=test", *arguments, f"--dbname={dbname}")
        return BOOKKEEPING.sub("", DUMP_NOISE.sub("", text))

    def create_database(self, name: str, options: str = "") -> None:
        self.psql("CREATE DATABASE " + _quoted(name, '"') + " " + options)

    def create_role(self, name: str, options: str = "LOGIN", *, password: str | None = None) -> None:
        secret = "" if password is None else " PASSWORD " + _quoted(password, "'")
        self.psql("CREATE ROLE " + _quoted(name, '"') + " " + options + secret)


def _quoted(text: str, mark: str) -> str:
    return mark + text.replace(mark, mark * 2) + mark


def _environment(**variables: str) -> dict[str, str]:
    # Nothing of the caller's PG* variables, and messages in English.
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "HOME": "/nonexistent", **variables}


def _run(command: Sequence[str], *, stdin: str = "", environment: Mapping[str, str] | None = None) -> str:
    # Bytes: as text, Python would take every CR, in names or values, for the end of a line.
    done = subprocess.run(
        command, input=stdin.encode(), capture_output=True, cwd="/", env=environment or _environment(), check=False
    )
    if done.returncode != 0:
        message = done.stderr.decode(errors="replace").strip()
        raise ServerError(f"{Path(command[0]).name} failed ({done.returncode}): {message}")
    return done.stdout.decode()


def _account() -> pwd.struct_passwd | None:
    """The account to become: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def as_server() -> list[str]:
    """What precedes a command for the server's account. The signal ends a server whose tests were killed."""
    account = _account()
    identity = [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"] if account else []
    return ["setpriv", *identity, "--pdeathsig=QUIT", "--"]


def give_to_server(path: Path) -> None:
    if account := _account():
        os.chown(path, account.pw_uid, account.pw_gid)


def _template(binaries: Binaries) -> Path:
    """A fresh data folder to copy: initdb takes several times as long."""
    account = _account()
    owner = account.pw_uid if account else os.geteuid()
    folder = binaries.bindir.parent
    template = folder / f"template-{owner}-{zlib.crc32(repr((INITDB_OPTIONS, Server.password)).encode()):08x}"
    if template.is_dir():
        return template
    with tempfile.TemporaryDirectory(dir=folder, prefix="initdb-") as name:
        work = Path(name)
        give_to_server(work)
        (work / "password").write_text(Server.password)
        options = (*INITDB_OPTIONS, f"--pwfile={work / 'password'}", f"--pgdata={work / 'data'}")
        _run([*as_server(), str(binaries.bindir / "initdb"), *options])
        # Another process may have been faster.
        with suppress(OSError):
            (work / "data").rename(template)
    return template


# Bound and never listening: nobody else is given these ports, and a server, which asks to share one, may listen there.
_RESERVED: list[socket.socket] = []


def free_port() -> int:
    """Give a port that is this process's from now on, whether something listens there or not."""
    while True:
        # Below the range for outgoing connections, which take a port for themselves alone.
        port = 20000 + secrets.randbelow(12000)
        reserved = socket.socket()
        try:
            reserved.bind((Server.host, port))
        except OSError:
            reserved.close()
            continue
        # Not before: two who look for a free port at the same time would share it.
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _RESERVED.append(reserved)
        return port


def _parent(process: int) -> int | None:
    """None when the process is gone, or dead and not yet collected."""
    try:
        state, parent = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return None
    return None if state == "Z" else int(parent)


def _children(parent: int) -> list[int]:
    processes = (int(path.name) for path in Path("/proc").glob("[0-9]*"))
    return [process for process in processes if _parent(process) == parent]


def _remove(folder: Path) -> None:
    # A killed server leaves its shared memory behind, and its name in this file.
    with suppress(OSError, IndexError):
        identifier = (folder / "data" / "postmaster.pid").read_text().splitlines()[6].split()[1]
        subprocess.run(["ipcrm", "-m", identifier], capture_output=True, check=False)
    shutil.rmtree(folder, ignore_errors=True)


def _sweep() -> None:
    """Removes what tests that were killed left."""
    for folder in TEMPORARY.glob(f"{PREFIX}*"):
        owner = folder.name.removeprefix(PREFIX).partition("-")[0]
        if owner.isdigit() and not Path("/proc", owner).exists():
            _remove(folder)
