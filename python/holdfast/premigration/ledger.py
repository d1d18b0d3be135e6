"""The file that says which deployment has which backup, and its lock, which ends with the process that holds it."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from holdfast import clock
from holdfast.exceptions import Interrupted

# Deployments that ended long ago are of no interest.
_KEPT_SECONDS = 24 * 3600
_LONGEST = 1 << 20


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """Give the descriptor of a file, which is made where it is missing; no program that is started has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def lock(descriptor: int, waiting: Callable[[], None]) -> None:
    """Lock it alone; `waiting` is told where somebody else has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        waiting()
        wait(descriptor)


def wait(descriptor: int) -> None:
    """Wait until nobody else has it, however long that takes: whoever has it works, or is dead and has it no more."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except KeyboardInterrupt as stop:
        raise Interrupted("interrupted") from stop


def read(descriptor: int) -> dict[str, Any]:
    """Give the deployments of late by name; a file that was not written to its end costs a backup too many."""
    oldest = clock.now().timestamp() - _KEPT_SECONDS
    try:
        entries = json.loads(os.pread(descriptor, _LONGEST, 0) or b"{}")
        return {name: entry for name, entry in entries.items() if float(entry["at"]) > oldest}
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}


def write(descriptor: int, entries: dict[str, Any]) -> None:
    """Put these into the file."""
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(entries).encode(), 0)
