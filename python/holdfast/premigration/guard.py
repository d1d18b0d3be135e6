"""What `migrate_safely` asks of the receiver: a backup whatever the policy says, and where it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from holdfast.reports import Report


@dataclass
class Guard:
    """The backups that were made while it stood, by alias; a `migrate` may go through several databases."""

    backups: dict[str, Report] = field(default_factory=dict)
    # Databases without tables: there is nothing to go back to.
    empty: list[str] = field(default_factory=list)


_standing: ContextVar[Guard | None] = ContextVar("holdfast_guard", default=None)


def standing() -> Guard | None:
    """Give the guard of the `migrate_safely` that runs, if one does."""
    return _standing.get()


@contextmanager
def stand() -> Iterator[Guard]:
    """Have every `migrate` in here make a backup first."""
    guard = Guard()
    token = _standing.set(guard)
    try:
        yield guard
    finally:
        _standing.reset(token)
