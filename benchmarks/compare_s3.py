"""S3: what is there already goes up and down beside `aws s3 cp`, new backups go there beside the folder, and listing.

All against the same Garage on this machine, so that the network does not hide what the programs cost.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import postgresql_server
import sqlite_database
from news_site import Site
from object_store import STORE, Remote, incompressible, start
from results import MEBIBYTE, Goal, Row, at_most
from timing import Contender, Sample, alternate

MEGABYTES, SMALL_MEGABYTES = 1000, 100
STREAMED_MEGABYTES = 500
LISTED = 1000
PEAK_LIMIT = 192 * MEBIBYTE
# What differs between two runs of the same size, allocator and threads being what they are.
SAME = 32 * MEBIBYTE


def rows(work: Path, rounds: int, scale: float) -> list[Row]:
    """Measure everything that has to do with S3."""
    with start(work) as remote:
        return [
            *_transfers(remote, work, rounds, scale),
            *_streaming(remote, work, rounds, scale),
            *_memory(remote, work, scale),
            *_listing(remote, work, scale),
        ]


def _transfers(remote: Remote, work: Path, rounds: int, scale: float) -> list[Row]:
    with _new_folder(work) as folder:
        site = remote.site(sqlite_database.database(incompressible(MEGABYTES * scale)), folder)
        site.backup().work()
        backup = site.backup_file()
        fetched = folder / "fetched"

        def upload() -> Sample:
            return site.command("sync_backups", "--to", STORE, "--verbosity=0")

        ours, theirs = alternate(
            [
                Contender(upload, tidy=remote.empty),
                Contender(lambda: remote.aws("cp", str(backup), remote.address("copy")), tidy=remote.empty),
            ],
            rounds,
        )
        upload()
        up = _against_aws(f"upload of {backup.stat().st_size / 1e6:.0f} MB, sync_backups", ours, theirs)

        def download() -> Sample:
            return site.command("download_backup", backup.name, "--location", STORE, "--verbosity=0")

        ours, theirs = alternate(
            [
                Contender(download, prepare=site.forget_backups),
                Contender(lambda: remote.aws("cp", remote.address(backup.name), str(fetched)), tidy=fetched.unlink),
            ],
            rounds,
        )
        down = _against_aws(f"download of {backup.stat().st_size / 1e6:.0f} MB, download_backup", ours, theirs)
    remote.empty()
    return [up, down]


def _against_aws(what: str, ours: Sample, theirs: Sample) -> Row:
    ratio = ours.wall_seconds / theirs.wall_seconds
    return Row(f"S3: {what}", str(ours), f"aws s3 cp: {theirs}", ratio, at_most(ratio, 1.0))


def _streaming(remote: Remote, work: Path, rounds: int, scale: float) -> Iterator[Row]:
    file = sqlite_database.cached(STREAMED_MEGABYTES * scale)
    yield _against_folder(remote, work, rounds, "SQLite", sqlite_database.database(file))
    with postgresql_server.start(MEGABYTES * scale, work) as news:
        yield _against_folder(remote, work, rounds, f"PostgreSQL {postgresql_server.MAJOR}", news.database("news"))
    noise = incompressible(MEGABYTES * scale)
    yield _against_folder(remote, work, rounds, "SQLite, incompressible", sqlite_database.database(noise))


def _against_folder(remote: Remote, work: Path, rounds: int, what: str, database: dict[str, object]) -> Row:
    with _new_folder(work) as folder:
        site = remote.site(database, folder)
        there = Contender(lambda: _stream(site), tidy=remote.empty)
        ours, theirs = alternate([there, site.backup()], rounds)
    ratio = ours.wall_seconds / theirs.wall_seconds
    return Row(f"S3: {what}: backup_db --location", str(ours), f"to the folder: {theirs}", ratio, at_most(ratio, 1.15))


def _stream(site: Site) -> Sample:
    return site.command("backup_db", "--location", STORE, "--verbosity=0")


def _memory(remote: Remote, work: Path, scale: float) -> list[Row]:
    peaks = []
    for megabytes in (MEGABYTES, SMALL_MEGABYTES):
        with _new_folder(work) as folder:
            site = remote.site(sqlite_database.database(incompressible(megabytes * scale)), folder)
            peaks.append(_stream(site).peak_bytes)
            remote.empty()
    large, small = peaks
    text = f"≤ {PEAK_LIMIT // MEBIBYTE} MiB, same ±{SAME // MEBIBYTE}"
    goal = Goal(text, large <= PEAK_LIMIT and abs(large - small) <= SAME)
    shown = [
        f"{size / MEBIBYTE:.0f} MiB at {megabytes * scale:.0f} MB"
        for size, megabytes in ((large, MEGABYTES), (small, SMALL_MEGABYTES))
    ]
    return [Row("S3: peak memory of backup_db --location", *shown, large / small, goal)]


def _listing(remote: Remote, work: Path, scale: float) -> list[Row]:
    count = max(10, round(LISTED * scale))
    with _new_folder(work) as folder:
        site = remote.site(sqlite_database.database(work / "tiny.sqlite3"), folder, counted=True)
        site.migrate()
        site.backup().work()
        _multiply(site.backup_file(), count)
        site.command("sync_backups", "--to", STORE, "--verbosity=0")
        first, first_requests = _counted_listing(remote, site)
        again, again_requests = _counted_listing(remote, site)
    pages = count * 4 // 1000 + 1
    few = Goal(f"≤ 1 request for each, and {pages} pages", first_requests <= count + pages)
    fewer = Goal("≤ 1/10 of the first", again_requests * 10 <= first_requests)
    alone = f"{count} backups, nothing known"
    return [
        Row("S3: list_backups, the first time", f"{first}, {first_requests} requests", alone, None, few),
        Row(
            "S3: list_backups, nothing changed",
            f"{again}, {again_requests} requests",
            f"the first time: {first}, {first_requests} requests",
            again.wall_seconds / first.wall_seconds,
            fewer,
        ),
    ]


def _multiply(backup: Path, count: int) -> None:
    """Put copies of a backup beside it under other times: real ones would take a second each."""
    kind, _, rest = backup.name.rpartition("_")
    ending = rest.partition(".")[2]
    for number in range(1, count):
        moment = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
        copy = backup.with_name(f"{kind}_{moment:%Y%m%dT%H%M%SZ}.{ending}")
        for suffix in ("", ".json", ".sha256"):
            shutil.copyfile(f"{backup}{suffix}", f"{copy}{suffix}")


def _counted_listing(remote: Remote, site: Site) -> tuple[Sample, int]:
    remote.proxy.heal()
    sample = site.command("list_backups", "--location", STORE)
    return sample, remote.proxy.count()


@contextmanager
def _new_folder(work: Path) -> Iterator[Path]:
    with TemporaryDirectory(dir=work, prefix="backups-") as folder:
        yield Path(folder)
