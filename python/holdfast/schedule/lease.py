"""Who does the work, where several hosts have the same schedule.

A lease is a context manager that raises LockHeld while another host has it. The holder looks again at what is due: what
another host has done meanwhile is not done twice.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, TypeAlias

import django.db
from django.db import connections

from holdfast.exceptions import HoldfastError, Interrupted, LockHeld
from holdfast.operations import folder_lock, store_lease
from holdfast.schedule.server import cursor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from holdfast.conf import Configuration

Lease: TypeAlias = AbstractContextManager[None]

# No alias of a sensible project; the name of the lock's file.
_NAME = "holdfast-schedule"

# The same number everywhere: each database has advisory locks of its own.
_KEY = int.from_bytes(b"holdfast")


def folder(directory: Path) -> Lease:
    """Work alone among all who share the folder of backups."""
    return folder_lock(directory, _NAME, "the schedule")


@contextmanager
def store(configuration: Configuration, warned: Callable[[str], None]) -> Iterator[None]:
    """Work alone among all who share the first of the stores; one that is down or slow is no reason not to work."""
    name, held = configuration.stores[0].name, None
    with ExitStack() as stack:
        try:
            held = stack.enter_context(store_lease(configuration, name))
        except (LockHeld, Interrupted):
            raise
        except HoldfastError as error:
            warned(f"{name}: {error.message}; another host may make the same backup, which does no harm")
        yield
        if held is not None and held.lost is not None:
            warned(f"{name}: {held.lost}; it may have made the same backup, which does no harm")


@contextmanager
def database(alias: str) -> Iterator[None]:
    """Work alone on this database, also where a shared folder has no locks; SQLite has none of its own."""
    if connections[alias].vendor != "postgresql":
        yield
        return
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(cursor(alias))
            opened.execute("SELECT pg_catalog.pg_try_advisory_lock(%s)", [_KEY])
            is_ours = opened.fetchone()[0]
        except django.db.Error:
            # Nobody can work on it, and the backup that is tried now will say why.
            yield
            return
        if not is_ours:
            raise LockHeld(
                f"another host is at work on {alias}: it holds the advisory lock {_KEY}",
                "Nothing is lost: what is still due then is done in the next run.",
            )
        try:
            yield
        finally:
            # A pooled connection lives on, and would keep the lock; one that was cut has lost it.
            with suppress(django.db.Error):
                opened.execute("SELECT pg_catalog.pg_advisory_unlock(%s)", [_KEY])
