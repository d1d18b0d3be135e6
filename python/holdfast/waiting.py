"""Locks of small files that several processes write: waited for, but never for ever."""

import fcntl
import time

# What is done under such a lock takes milliseconds, on a disk that is asleep some seconds.
_PATIENCE_SECONDS = 10
_PAUSE_SECONDS = 0.02


def lock(descriptor: int) -> None:
    """Lock an open file until it is closed, by a killed process too; BlockingIOError where another one keeps it.

    A process that hangs, or was stopped, must not keep the backups of all databases waiting.
    """
    end = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            return
