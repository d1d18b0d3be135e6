"""The files that say which deployment has which backup, and their locks, which end with the process that holds them."""

import fcntl
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from holdfast import clock, ordinary_files
from holdfast.exceptions import Interrupted
from holdfast.ordinary_files import held_open

# What is known of each deployment, by its name.
Entries = dict[str, dict[str, Any]]

# Deployments that ended long ago are of no interest.
_KEPT_SECONDS = 24 * 3600
_LONGEST = 1 << 20
_LATEST = 1 << 53
# How often a lock is tried that may be given up without being free, and how often one that is held for a moment.
_WAIT_SECONDS = 1.0
_TRIES, _TRY_SECONDS = 50, 0.1


def open_file(path: Path) -> int:
    """Open a file, which is made where it is missing; no program that is started has it, and no link leads away."""
    return ordinary_files.opened(path, os.O_RDWR | os.O_CREAT)


def try_lock(descriptor: int) -> bool:
    """Lock it alone, where nobody else has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def lock_soon(descriptor: int) -> bool:
    """Lock it alone, where whoever has it has it for a moment only."""
    for _ in range(_TRIES):
        if try_lock(descriptor):
            return True
        clock.sleep(_TRY_SECONDS)
    return False


def lock(descriptor: int, waiting: Callable[[], None]) -> None:
    """Lock it alone, however long that takes; `waiting` is told where somebody else has it."""
    if not try_lock(descriptor):
        waiting()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except KeyboardInterrupt as stop:
            raise Interrupted("interrupted") from stop


def is_free(path: Path) -> bool:
    """Tell whether nobody has the lock of this file."""
    with held_open(path) as descriptor:
        return try_lock(descriptor)


def wait() -> None:
    """Let a moment pass before a lock is tried again."""
    try:
        clock.sleep(_WAIT_SECONDS)
    except KeyboardInterrupt as stop:
        raise Interrupted("interrupted") from stop


def age(entry: dict[str, Any]) -> float:
    """Give the seconds since the last sign of a deployment; a clock that was set back makes none younger."""
    return abs(clock.now().timestamp() - float(entry["at"]))


def read(descriptor: int) -> Entries:
    """Give the deployments of late by name; what is damaged costs a backup too many."""
    try:
        entries = json.loads(os.pread(descriptor, _LONGEST, 0) or b"{}")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(entries, dict):
        return {}
    return {name: entry for name, entry in entries.items() if _is_sound(entry) and age(entry) < _KEPT_SECONDS}


def write(descriptor: int, entries: Entries) -> None:
    """Put these into the file."""
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(entries).encode(), 0)


def _is_sound(entry: object) -> bool:
    if not isinstance(entry, dict):
        return False
    at, backup = entry.get("at"), entry.get("backup")
    return (
        isinstance(at, int | float)
        and not isinstance(at, bool)
        # Also infinity, what is no number, and what no float holds.
        and abs(at) < _LATEST
        and (backup is None or (isinstance(backup, str) and _is_bare(backup)))
        and isinstance(entry.get("failed", False), bool)
    )


def _is_bare(name: str) -> bool:
    return name not in ("", ".", "..") and "/" not in name and "\0" not in name
