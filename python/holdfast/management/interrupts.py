"""Ctrl-C and SIGTERM as exceptions in the process whose command runs, and as ever in the processes that it forks."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from holdfast import commitment

# What the handlers were before the outermost command that runs; empty where none does.
_originals: dict[int, Any] = {}
_forking = threading.local()


@contextmanager
def orderly_interrupts() -> Iterator[None]:
    """Raise where Python's default for SIGTERM would end the process, and no `finally` would remove a private file."""
    if threading.current_thread() is not threading.main_thread() or _originals:
        yield
        return
    # Whoever started us with Ctrl-C ignored, as a shell does for its background, wants it ignored.
    numbers = [number for number in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(number) != signal.SIG_IGN]
    _originals.update({number: signal.getsignal(number) or signal.SIG_DFL for number in numbers})
    for number in numbers:
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        _restore()


def _interrupt(number: int, _frame: object) -> None:
    commitment.stop(commitment.Ended if number == signal.SIGTERM else KeyboardInterrupt)


def _restore() -> None:
    for number, handler in _originals.items():
        signal.signal(number, handler)
    _originals.clear()


# A worker that a tool forks (a pool that migrates schemas side by side) ends as it does without us: whoever ends it
# waits for that. Until it has its own handlers back no signal reaches it: Python, in a new process, forgets those that
# have come, and a handler of Python's that runs is no help to who waits in a lock.
def _before_fork() -> None:
    _forking.mask = signal.pthread_sigmask(signal.SIG_BLOCK, _originals)


def _after_fork() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _forking.mask)


def _after_fork_in_child() -> None:
    _restore()
    _after_fork()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork_in_child)
