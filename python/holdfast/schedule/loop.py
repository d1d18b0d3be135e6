"""Goes on until it is told to stop: for containers, where nothing else knows the time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Never

from django.db import connections

from holdfast import clock, commitment, rendering_schedule
from holdfast.exceptions import HoldfastError, Interrupted, LockHeld, UsageError
from holdfast.schedule.run import Key, Tally, Watcher, run_due

if TYPE_CHECKING:
    from holdfast.schedule.hindrance import Hindrance
    from holdfast.schedule.outlook import Task

# A server that is down gets some time before it is asked again.
_REST = timedelta(minutes=5)
# The clock may be set, and others may remove backups: longer than this nobody sleeps.
_LONGEST = timedelta(minutes=15)
# What is in the way may be over by then.
_SHORT = timedelta(seconds=30)


def forever(watcher: Watcher) -> Never:
    """Do what is due, wait, and begin again; only a wish to stop ends it."""
    resting: dict[Key, datetime] = {}
    waiting: dict[Key, Hindrance] = {}
    while True:
        commitment.obey()
        now = clock.now()
        resting = {key: until for key, until in resting.items() if until > now}
        pause = _SHORT
        try:
            tally = run_due(watcher, resting)
            resting |= dict.fromkeys(tally.failures, clock.now() + _REST)
            _tell(watcher, {key: found for key, found in tally.waiting.items() if key not in waiting})
            waiting = tally.waiting
            if not any(hindrance.is_short for hindrance in waiting.values()):
                pause = _pause(tally.tasks, resting)
        except (Interrupted, UsageError):
            raise
        except LockHeld:
            # Another host is at it; when it has ended there is probably nothing left to do.
            pass
        except HoldfastError as error:
            watcher.warned(str(error))
            pause = _REST
        # A connection that idles for hours is cut somewhere on its way, and would fail the next run.
        connections.close_all()
        commitment.obey()
        clock.sleep(pause.total_seconds())


def patiently(watcher: Watcher) -> Tally:
    """Do what is due once, and wait for what is too busy now; LockHeld where another run is in the way."""
    told: set[Key] = set()
    tally = Tally()
    while True:
        tally = run_due(watcher).after(tally)
        _tell(watcher, {key: found for key, found in tally.waiting.items() if key not in told})
        told.update(tally.waiting)
        for hindrance in tally.waiting.values():
            if hindrance.held is not None:
                raise hindrance.held
        if tally.failures or not any(hindrance.is_short for hindrance in tally.waiting.values()):
            return tally
        commitment.obey()
        clock.sleep(_SHORT.total_seconds())


def _tell(watcher: Watcher, waiting: dict[Key, Hindrance]) -> None:
    """Tell what waits, once: a log would be full of it."""
    for key, hindrance in waiting.items():
        watcher.told(rendering_schedule.waits(key, hindrance))


def _pause(tasks: list[Task], resting: dict[Key, datetime]) -> timedelta:
    now = clock.now()
    moments = [now + _LONGEST, *resting.values(), *(task.begins for task in tasks)]
    return max(min(moment for moment in moments if moment > now) - now, timedelta(seconds=1))
