"""Connections of our own to a live database, opened as Django would open them; refuses databases in memory."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from holdfast.exceptions import DatabaseError, HoldfastError, Interrupted, RestoreFailed, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.backends.base.base import BaseDatabaseWrapper


class Access(Enum):
    """What a connection may do, in the words of SQLite's URIs."""

    READ = "ro"
    WRITE = "rw"
    CREATE = "rwc"


def location(connection: BaseDatabaseWrapper) -> tuple[Path, dict[str, str]]:
    """Give the file of a database, and the URI parameters in its name."""
    name = os.fspath(connection.settings_dict["NAME"])
    query: dict[str, str] = {}
    if name.startswith("file:"):
        parts = urlsplit(name)
        name, query = unquote(parts.path), dict(parse_qsl(parts.query))
    if name in {"", ":memory:"} or query.get("mode") == "memory":
        message = f"database {connection.alias!r} lives in memory and ends with its process"
        raise UsageError(message, "Give it a file in DATABASES to make it worth a backup.")
    return Path(name).absolute(), query


@contextmanager
def connected(
    connection: BaseDatabaseWrapper, access: Access, timeout_seconds: float | None = None
) -> Iterator[sqlite3.Connection]:
    """Open a second connection with Django's options, functions and `init_command`, in autocommit mode.

    It shares no cache with others, whose table locks would ignore the timeout, and makes no file unless asked.
    """
    path, query = location(connection)
    if access is not Access.CREATE and not path.exists():
        message = f"there is no database file {path}"
        raise DatabaseError(message, f"Check NAME of {connection.alias!r} in DATABASES.")
    if query.pop("mode", None) == "ro" and access is not Access.READ:
        message = f"database {connection.alias!r} is read-only: its NAME says mode=ro"
        raise UsageError(message, "Take mode=ro out of NAME to restore into it.")
    query.pop("cache", None)
    parameters = connection.get_connection_params()
    # Read access too opens for writing where it may: after a crash the first reader must roll the journal back.
    mode = Access.WRITE if access is Access.READ and os.access(path, os.W_OK) else access
    parameters["database"] = uri(path, mode, query)
    if timeout_seconds is not None:
        parameters["timeout"] = timeout_seconds
    with explained(path), closing(connection.get_new_connection(parameters)) as own:
        own.isolation_level = None
        yield own


def private_file(connection: BaseDatabaseWrapper, path: Path, access: Access) -> sqlite3.Connection:
    """Open a private file with the library of Django's connection: two libraries cannot copy into each other."""
    opened: sqlite3.Connection = connection.Database.connect(uri(path, access), uri=True)  # type: ignore[attr-defined]
    return opened


def uri(path: Path, access: Access, query: dict[str, str] | None = None) -> str:
    """Name a file so that SQLite opens it with this access and never makes another one by mistake."""
    return f"file:{quote(os.fspath(path))}?{urlencode({**(query or {}), 'mode': access.value})}"


def quoted(name: str) -> str:
    """Write a name as SQL wants it."""
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite says into what happened to this file."""
    try:
        yield
    except Exception as error:
        # By its code, not its class: the connection may come from another build of the same module.
        code = getattr(error, "sqlite_errorcode", None)
        if code is None:
            raise
        raise _explanation(code & 0xFF, error, path) from error


def _explanation(code: int, error: Exception, path: Path) -> HoldfastError:  # noqa: PLR0911 - a table of codes
    match code:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return locked(path)
        case sqlite3.SQLITE_NOTADB:
            message = f"{path} is no SQLite database, or it is encrypted"
            return DatabaseError(message, "To restore over it, first move it aside, with its -wal and -journal files.")
        case sqlite3.SQLITE_CORRUPT:
            message = f"{path} is damaged: {error}"
            return DatabaseError(message, "To restore over it, first move it aside, with its -wal and -journal files.")
        case sqlite3.SQLITE_FULL:
            return DatabaseError(f"no space left while copying {path}", "Free some space and try again.")
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            hint = "The user that runs this needs to read and write the file and its folder."
            return DatabaseError(f"cannot open {path}: {error}", hint)
        case sqlite3.SQLITE_CONSTRAINT:
            return RestoreFailed(f"the rows do not fit the tables in {path}: {error}", "Restore the definitions too.")
        case sqlite3.SQLITE_INTERRUPT:
            return Interrupted(f"stopped while working on {path}; nothing was changed")
        case _:
            return DatabaseError(f"SQLite failed on {path}: {error}")


def locked(path: Path) -> DatabaseError:
    """Say that somebody else held the database for too long."""
    message = f"{path} stayed locked by another connection"
    hint = "End long transactions (also one around this call), raise the timeout, or switch the database to WAL mode."
    return DatabaseError(message, hint)
