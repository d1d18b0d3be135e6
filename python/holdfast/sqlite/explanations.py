"""What errors of SQLite mean for a file, and what to do about them; of whatever build of the library they come from."""

from __future__ import annotations

import re
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from holdfast.exceptions import DatabaseError, HoldfastError, Interrupted, RestoreFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_REGISTERED = re.compile(r"no such (function|collation sequence|tokenizer|module)|unknown (function|tokenizer)")


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite says into what happened to this file."""
    try:
        yield
    except Exception as error:
        # By its code, not its class: the connection may come from another build of the same module.
        code = getattr(error, "sqlite_errorcode", None)
        if code is None:
            if any(kind.__name__ == "DatabaseError" and kind is not DatabaseError for kind in type(error).__mro__):
                raise _otherwise(error, path) from error
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
            return _otherwise(error, path)


def _otherwise(error: Exception, path: Path) -> DatabaseError:
    if _REGISTERED.search(str(error)):
        hint = "Register it in a receiver of connection_created, for every connection; or restore the whole database."
        return DatabaseError(f"{path} needs what only the application has: {error}", hint)
    return DatabaseError(f"SQLite failed on {path}: {error}")


def is_about_the_statement(error: Exception) -> bool:
    """Tell whether SQLite finds fault with the statement itself, and not with the disk, nor was told to stop."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF == sqlite3.SQLITE_ERROR


def locked(path: Path) -> DatabaseError:
    """Say that somebody else held the database for too long."""
    message = f"{path} stayed locked by another connection"
    hint = "End long transactions (also one around this call), raise the timeout, or switch the database to WAL mode."
    return DatabaseError(message, hint)
