"""Functions and collations that only the application has, for statements that are never run, or only count."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator


_MISSING = re.compile(r"(?:no such|unknown) (function|collation sequence): (.+?)(?:\(\))?$")


@contextmanager
def stand_ins(live: sqlite3.Connection) -> Iterator[Callable[[str], list[tuple[object, ...]]]]:
    """Give a way to run a statement again with what it misses; nothing of that is left afterwards.

    A value or an order from a stand-in would be worse in an index than an error.
    """
    added: list[tuple[str, str]] = []

    def run(sql: str) -> list[tuple[object, ...]]:
        while True:
            try:
                return live.execute(sql).fetchall()
            except live.OperationalError as error:
                missing = _MISSING.search(str(error))
                if missing is None or missing.groups() in added:
                    raise
            added.append((missing[1], missing[2]))
            if missing[1] == "function":
                live.create_function(missing[2], -1, lambda *_values: None)
            else:
                live.create_collation(missing[2], lambda one, other: (one > other) - (one < other))

    try:
        yield run
    finally:
        for kind, name in added:
            if kind == "function":
                live.create_function(name, -1, None)
            else:
                live.create_collation(name, None)
