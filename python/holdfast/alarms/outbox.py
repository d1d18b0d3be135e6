"""Sends in the background: a thread for each line of work, started when there is some and gone when it is done.

Nobody waits for these threads but the end of the process, and that for `EXIT_SECONDS` at most: a command's work is
done by then, its lock is free and its report is printed. What is not delivered in time stays in the ledger, and the
next run delivers it.
"""

import atexit
import os
import sys
import threading
from collections import deque
from collections.abc import Callable

from holdfast.visible import logger_of

_logger = logger_of(__name__)

# Webhooks and mail servers answer within a second or two; without this wait a command that ends right after its
# failure would take the alarm with it.
EXIT_SECONDS = 5.0

# The line on which alarms are found; the others bring them to somebody, and none of these has an empty name.
JUDGEMENT = ""

_Job = Callable[[], None]
_changed = threading.Condition()
# The job that runs stays the first of its line until it is done.
_lines: dict[str, deque[_Job]] = {}


def run(line: str, job: _Job) -> None:
    """Do this in the background, after everything else of its line."""
    with _changed:
        jobs = _lines.setdefault(line, deque())
        jobs.append(job)
        if len(jobs) == 1:
            # A daemon: a server that never answers must not keep the process alive.
            thread = threading.Thread(target=_work, args=(line, jobs), name=f"holdfast alarms {line}", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                # The machine has no room for one more; later ones must not queue behind a job that nobody does.
                del _lines[line]
                raise


def wait(seconds: float) -> list[str]:
    """Wait until everything is done; gives the lines that are not."""
    with _changed:
        _changed.wait_for(lambda: not _lines, seconds)
        return sorted(_lines)


def _work(line: str, jobs: deque[_Job]) -> None:
    while True:
        try:
            jobs[0]()
        except Exception:
            # Jobs answer for what they expect; this is a defect, and must not end the line.
            _logger.exception("alarms: %s failed", line or "the judgement")
        with _changed:
            jobs.popleft()
            if not jobs:
                del _lines[line]
                _changed.notify_all()
                return


def _forget_threads() -> None:
    # In a forked process these threads do not exist; their work is the parent's.
    global _changed  # noqa: PLW0603 - its lock may have been held by one of them
    _changed = threading.Condition()
    _lines.clear()


@atexit.register
def _settle() -> None:
    with _changed:
        if not _lines:
            return
    for stream in (sys.stdout, sys.stderr):
        # What the command has said must not wait for what somebody else is told.
        if stream is not None and not stream.closed:
            stream.flush()
    try:
        with _changed:
            # Short and local, and in the core: a thread that comes back from there into an ending Python ends it badly.
            _changed.wait_for(lambda: JUDGEMENT not in _lines)
        unfinished = wait(EXIT_SECONDS)
    except KeyboardInterrupt:
        unfinished = wait(0)
    if unfinished:
        _logger.error("alarms: no answer yet from %s; the next run tries again", ", ".join(unfinished))


os.register_at_fork(after_in_child=_forget_threads)
