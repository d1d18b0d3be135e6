"""Short questions to a PostgreSQL server, over a connection that nobody else uses and that is closed at once."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import connections

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def cursor(alias: str) -> Iterator[Any]:
    """Give a cursor in autocommit mode.

    Django's own connection would do for a question, but not for a lock, and one that idles until the next backup would
    be cut by then.
    """
    own = connections[alias].copy()
    try:
        with own.cursor() as opened:
            yield opened
    finally:
        own.close()
