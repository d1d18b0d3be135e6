"""PostgreSQL servers of the news site: the filled data folder is made once and kept in the cache.

A run works on a copy of it, so that every run begins with the same blocks on the disk. The servers know lz4, as those
of Debian and of the PostgreSQL project do.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from news_site import CACHE, Site, check_size, fill
from timing import Contender, Sample, run

import servers

MAJOR = 18
SETTINGS = {
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "fsync": "on",
    # It would start in the middle of a measurement, for one contender and not for the other.
    "autovacuum": "off",
}


@dataclass(frozen=True)
class Rows:
    """Rows of the news site that fill a database; foreign keys of a table alone lead nowhere."""

    name: str
    # Megabytes of COPY text with `scale` 1.
    megabytes: int
    tables: tuple[str, ...] = ()


NEWS = Rows("news", 975)
COMMENTS = Rows("comments", 373, ("news_comment",))


@dataclass(frozen=True)
class NewsServer:
    """A running server with the database `news`, full, and room for `target`, empty."""

    server: servers.Server
    work: Path

    @property
    def site(self) -> Site:
        """The site that is backed up."""
        return Site(self.database("news"), self.work / "backups")

    @property
    def target(self) -> Site:
        """The site that is restored into, from the same folder of backups."""
        return Site(self.database("target"), self.work / "backups")

    def database(self, name: str) -> dict[str, object]:
        """Django's settings of a database."""
        server = self.server
        return {
            "ENGINE": "django.db.backends.postgresql", "NAME": name, "HOST": server.host, "PORT": server.port,
            "USER": server.user, "PASSWORD": server.password,
        }  # fmt: skip

    def empty_target(self) -> None:
        """Give an empty database to restore into, and write out what the last one left in memory."""
        self.server.psql("DROP DATABASE IF EXISTS target")
        self.server.psql("CREATE DATABASE target")
        self.server.psql("CHECKPOINT")

    def program(self, name: str, *arguments: str) -> Sample:
        """Run a client program; it has to connect over TCP as we do."""
        return run([self.path_of(name), *arguments])

    def path_of(self, name: str) -> str:
        """Where a client program is."""
        return str(servers.CACHE / "client" / "bin" / name)

    def with_server(self, contender: Contender) -> Contender:
        """Count the processor seconds of the server too: both of the machine's halves do the work."""

        def work() -> Sample:
            before = self._processor_seconds()
            sample = contender.work()
            return sample + Sample(0, self._processor_seconds() - before, 0)

        return Contender(work, contender.prepare, contender.tidy)

    def _processor_seconds(self) -> float:
        """Sum up the server, its sessions that live and those that have ended."""
        postmaster = (self.server.data / "postmaster.pid").read_text().splitlines()[0]
        ticks = 0
        for path in Path("/proc").glob("[0-9]*/stat"):
            # A process may end while we look; the postmaster counts it then.
            with suppress(OSError):
                fields = path.read_text().rpartition(")")[2].split()
                if path.parent.name == postmaster:
                    ticks += sum(map(int, fields[11:15]))
                elif fields[1] == postmaster:
                    ticks += sum(map(int, fields[11:13]))
        return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def start(megabytes: float, work: Path, rows: Rows = NEWS) -> Iterator[NewsServer]:
    """Start a server on a copy of the cached data folder."""
    template = _cached(megabytes, work, rows)
    with servers.start_with_lz4(SETTINGS) as server:
        server.stop()
        _replace_data(server, template)
        server.launch()
        news = NewsServer(server, work)
        check_size("the rows of the news site", _copy_bytes(server), megabytes * 1e6)
        yield news


@contextmanager
def start_empty(settings: Mapping[str, str], work: Path) -> Iterator[NewsServer]:
    """Start a server whose database has no tables."""
    with servers.start_with_lz4(settings) as server:
        server.create_database("news")
        yield NewsServer(server, work)


def _cached(megabytes: float, work: Path, rows: Rows) -> Path:
    template = CACHE / f"{rows.name}-{megabytes:g}.postgresql-{MAJOR}"
    if not template.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with servers.start_with_lz4({**SETTINGS, "fsync": "off"}) as server:
            server.create_database("news")
            NewsServer(server, work).site.migrate()
            fill("postgresql", server.dsn("news"), megabytes / rows.megabytes, *rows.tables)
            server.stop()
            draft = template.with_name(f"{template.name}.draft")
            shutil.rmtree(draft, ignore_errors=True)
            subprocess.run(["cp", "-a", str(server.data), str(draft)], check=True)
            draft.rename(template)
    return template


def _replace_data(server: servers.Server, template: Path) -> None:
    configuration = server.data / "postgresql.conf"
    own = configuration.read_text()
    shutil.rmtree(server.data)
    subprocess.run(["cp", "-a", "--reflink=auto", str(template), str(server.data)], check=True)
    # Port and sockets are those of this server, not of the one that was kept.
    configuration.write_text(own)


def _copy_bytes(server: servers.Server) -> int:
    """Size of the rows as text; the tables are analyzed, so a sample of the widths is enough."""
    names = server.psql("SELECT relname FROM pg_stat_user_tables WHERE relname LIKE 'news_%'", "news").split()
    sampled = " UNION ALL ".join(
        f"SELECT (SELECT reltuples FROM pg_class WHERE oid = '{name}'::regclass) * avg(length(t::text)) AS size "
        f"FROM {name} t TABLESAMPLE SYSTEM (1) REPEATABLE (1)"
        for name in names
    )
    return round(float(server.psql(f"SELECT sum(size) FROM ({sampled}) AS sizes", "news")))
