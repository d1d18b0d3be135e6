"""What every operation stands on: the lock, private files, and errors in our own words."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

import django.db

from holdfast import _core, places
from holdfast.conf import Configuration
from holdfast.exceptions import DatabaseError, HoldfastError
from holdfast.folder import prepare
from holdfast.progress import silent


@contextmanager
def exclusive(folder: Path, alias: str, purpose: str) -> Iterator[None]:
    """Hold the lock of this database and folder, and sweep up what dead runs left there."""
    with own_errors():
        prepare(folder)
        with _core.Lock(str(folder), alias, purpose):
            # Only the holder of the lock may: anybody else could sweep away the files of a living run.
            _core.clean_litter(str(folder), alias)
            yield


@contextmanager
def folder_lock(folder: Path, name: str, purpose: str) -> Iterator[None]:
    """Hold a lock of the folder that is not about one database."""
    with own_errors():
        prepare(folder)
        with _core.Lock(str(folder), name, purpose):
            yield


@contextmanager
def store_lease(configuration: Configuration, location: str) -> Iterator["_core.Lease"]:
    """Hold the lease of a store, which tells whether it was lost meanwhile."""
    with own_errors(), _core.Lease(places.store(configuration, location), silent) as held:
        yield held


@contextmanager
def private_file(folder: Path, alias: str) -> Iterator[Path]:
    """Give the name of a file for this run alone; nothing of it is left afterwards.

    It stands in the backup folder because only that is known to have room, and to be ours. By its name the next run
    knows it for litter, should this one be killed.
    """
    path = folder / f".{alias}-{os.getpid()}-{token_hex(4)}.snapshot"
    try:
        yield path
    finally:
        for ending in ("", "-journal", "-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)


@contextmanager
def own_errors() -> Iterator[None]:
    """Turn errors of databases and disks into ours; those of programmers stay what they are."""
    try:
        yield
    except (django.db.Error, sqlite3.Error) as error:
        # PostgreSQL's messages have several lines; the first says what happened.
        said = str(error).strip().partition("\n")[0] or type(error).__name__
        raise DatabaseError(f"the database refused: {said}", _advice(error)) from error
    except OSError as error:
        raise HoldfastError(
            f"{error.filename or 'the disk'}: {error.strerror or error}",
            "Look at the folder's rights and at the free space.",
        ) from error


# What to do by the class of the server's code, as the core says it of its own statements.
_ADVICE = {
    "42501": "Grant the right to the role of DATABASES: the how-to on PostgreSQL's permissions has the statements.",
    "28": "Look at USER and PASSWORD in DATABASES, and at the server's pg_hba.conf.",
    "3D000": "Look at NAME in DATABASES, or create the database.",
    "42": "Look whether the database has been migrated: `manage.py migrate --check`.",
    "53300": "Close other connections, or raise max_connections.",
    "55P03": "Another session holds the lock; run it at a quieter time, or raise LOCK_TIMEOUT.",
    "57014": "A timeout or an administrator stopped the statement; run it again.",
}


def _advice(error: Exception) -> str:
    """Say what to do next: a server that has answered with a code does run."""
    # Drivers call it by two names, and Django keeps the driver's error as the cause.
    cause = error.__cause__ or error
    code = str(getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None) or "")
    for length in (5, 2):
        if code[:length] in _ADVICE:
            return _ADVICE[code[:length]]
    if isinstance(cause, sqlite3.Error):
        return "Look at NAME in DATABASES: whether the file is there, and whether another process locks it."
    if "FATAL:" in str(cause):
        # A driver that was refused while it connected tells no code.
        return "The server runs, and refused: look at USER, PASSWORD and NAME in DATABASES, and at its pg_hba.conf."
    if code:
        return "Look at the server's log."
    return "Look at DATABASES, and whether the server runs."
