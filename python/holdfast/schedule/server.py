"""Short questions to a PostgreSQL server, over a connection that nobody else uses and that is closed at once."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import django.db
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


def answer(alias: str, question: str) -> tuple[Any, ...] | None:
    """Give the first row; None where the server cannot be asked.

    Then the backup that follows fails, in its own words, and is recorded and told as a failure.
    """
    try:
        with cursor(alias) as opened:
            opened.execute(question)
            row: tuple[Any, ...] = opened.fetchone()
            return row
    except django.db.Error:
        return None
