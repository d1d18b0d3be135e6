"""What `migrate_safely` asks of the receiver: a backup whatever the policy says, and where it is."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from secrets import token_hex

from holdfast.reports import Report


@dataclass
class Guard:
    """The backups that were made while it stood, by alias; a `migrate` may go through several databases."""

    # A deployment of its own, with all processes that it starts.
    name: str = field(default_factory=lambda: f"migrate_safely/{token_hex(8)}")
    backups: dict[str, Report] = field(default_factory=dict)
    # Databases without tables: there is nothing to go back to.
    empty: list[str] = field(default_factory=list)


# Processes that are started inherit no variable but those of the environment. It holds the process that it is of, too:
# its other threads share the environment, and are no part of it.
_VARIABLE = "HOLDFAST_MIGRATE_SAFELY"

_standing: ContextVar[Guard | None] = ContextVar("holdfast_guard", default=None)


def standing() -> Guard | None:
    """Give the guard of the `migrate_safely` that runs, if one does, here or in the process that started this one."""
    process, _, name = os.environ.get(_VARIABLE, "").partition(" ")
    inherited = Guard(name) if name and process != str(os.getpid()) else None
    return _standing.get() or inherited


@contextmanager
def stand() -> Iterator[Guard]:
    """Have every `migrate` in here make a backup first."""
    guard = Guard()
    outer = os.environ.get(_VARIABLE) if standing() else None
    token = _standing.set(guard)
    os.environ[_VARIABLE] = f"{os.getpid()} {guard.name}"
    try:
        yield guard
    finally:
        _standing.reset(token)
        os.environ.pop(_VARIABLE, None)
        if outer is not None:
            os.environ[_VARIABLE] = outer
