"""Connections of our own to a live database, opened as Django would open them; refuses databases in memory."""

from __future__ import annotations

import os
from contextlib import closing, contextmanager
from enum import Enum
from inspect import unwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from django.db.backends.signals import connection_created

from holdfast.exceptions import DatabaseError, UnsupportedObject, UsageError
from holdfast.sqlite.explanations import explained

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from django.db.backends.base.base import BaseDatabaseWrapper


class Access(Enum):
    """What a connection may do, in the words of SQLite's URIs."""

    READ = "ro"
    WRITE = "rw"
    CREATE = "rwc"


class Setup(Enum):
    """What a connection has beside Django's own functions and `init_command`."""

    # Pages are copied without anything of the application; what it does to a connection may fail on a wrecked database.
    BARE = "nothing"
    # What receivers of `connection_created` register: functions, collations, extensions, pragmas, files.
    APPLICATION = "what the application registers"


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
    connection: BaseDatabaseWrapper,
    access: Access,
    timeout_seconds: float | None = None,
    setup: Setup = Setup.BARE,
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
    # A program that traces statements puts a proxy before it, which SQLite does not copy into.
    with explained(path), closing(unwrap(connection.get_new_connection(parameters))) as own:
        _forget_ideas_of_others(own)
        _refuse_encryption(own, path)
        if setup is Setup.APPLICATION:
            _tell_receivers(connection, own)
            _forget_ideas_of_others(own)
        yield own


def _forget_ideas_of_others(own: sqlite3.Connection) -> None:
    """Take back what an engine or a receiver made of rows and transactions."""
    own.isolation_level, own.row_factory, own.text_factory = None, None, str


def _tell_receivers(connection: BaseDatabaseWrapper, own: sqlite3.Connection) -> None:
    """Let the application have its way with our connection, as with each of Django's."""
    wrapper = connection.copy()
    wrapper.connection = own
    try:
        connection_created.send(sender=type(wrapper), connection=wrapper)
    except Exception as error:
        message = f"a receiver of connection_created failed on a new connection to {connection.alias!r}: {error}"
        raise DatabaseError(message, "Restoring the whole database does without them.") from error
    finally:
        wrapper.connection = None


def _refuse_encryption(own: sqlite3.Connection, path: Path) -> None:
    # SQLCipher alone knows this pragma; any other library gives no row.
    if own.execute("PRAGMA cipher_status").fetchone() in {("1",), (1,)}:
        message = f"{path} is encrypted, and SQLCipher copies no encrypted database page by page"
        raise UnsupportedObject(message, "Back it up with SQLCipher's own sqlcipher_export(), outside of Holdfast.")


def private_file(live: sqlite3.Connection, path: Path, access: Access) -> sqlite3.Connection:
    """Open a private file with the library of a live connection: two libraries cannot copy into each other.

    An engine may bring a library of its own, or a subclass of its connections.
    """
    library: Any = next((kind for kind in reversed(live.__class__.__mro__) if "backup" in vars(kind)), None)
    if library is None:
        message = f"connections of {live.__class__.__module__} cannot copy a database page by page"
        raise UnsupportedObject(message, "Use an engine over Python's sqlite3, or a library with Connection.backup().")
    opened: sqlite3.Connection = library(uri(path, access), uri=True)
    return opened


def attached_files(connection: BaseDatabaseWrapper) -> list[Path]:
    """Name the files that the application attaches to its connections."""
    with connected(connection, Access.READ, setup=Setup.APPLICATION) as live:
        rows = live.execute("PRAGMA database_list").fetchall()
    return [Path(file) for _, name, file in rows if file and name not in {"main", "temp"}]


def uri(path: Path, access: Access, query: dict[str, str] | None = None) -> str:
    """Name a file so that SQLite opens it with this access and never makes another one by mistake."""
    return f"file:{quote(os.fsencode(path))}?{urlencode({**(query or {}), 'mode': access.value})}"


def quoted(name: str) -> str:
    """Write a name as SQL wants it."""
    return '"' + name.replace('"', '""') + '"'
