"""Backups that run themselves: when, whether now, by whom, and what comes after them.

`settings` reads what the project wants, `outlook` tells what is due, `run` does it, `loop` goes on for ever. What there
is to know stands with the backups: their list, and beside them a small `memory` of what left no backup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from holdfast.inventory import Backup


def next_due(alias: str, listed: Iterable[Backup] | None = None) -> datetime | None:
    """Give the moment of the next backup of a database, in the past where one is overdue; None is never.

    Whoever has its backups listed already passes them on: to list a store takes a request.
    """
    # The settings are read by a module of this package; what follows needs the settings.
    from holdfast.schedule import outlook  # noqa: PLC0415

    return outlook.next_due(alias, listed)


def last_good(alias: str, kind: str | None = None, listed: Iterable[Backup] | None = None) -> datetime | None:
    """Give when the database was last known to be as a good backup of this kind, or of any, holds it.

    That is when the backup was made, or later: when a new one was found to be equal and was not kept.
    """
    from holdfast.schedule import outlook  # noqa: PLC0415

    return outlook.last_good(alias, kind, listed)
