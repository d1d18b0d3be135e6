"""Tells of backups that run longer than they should, while they run: one that hangs would never tell it itself."""

import threading
import time
from datetime import datetime, timedelta

from holdfast import clock
from holdfast.alarms.alarm import Alarm
from holdfast.alarms.delivery import dispatch
from holdfast.clock import utc_text
from holdfast.conf import Configuration
from holdfast.rendering import span

# Of each database that is backed up in this process: what will tell, and when the backup began. There is one at a time.
_running: dict[str, tuple[threading.Timer, float]] = {}


def begin(configuration: Configuration, alias: str, kind: str) -> None:
    """Watch a backup that begins."""
    limit = configuration.alarms.duration

    def tell() -> None:
        dispatch(configuration, lambda: [too_slow(alias, kind, limit, None, clock.now())])

    end(alias)
    timer = threading.Timer(limit.total_seconds(), tell)
    # Whoever ends the process does not wait for it.
    timer.daemon = True
    timer.start()
    _running[alias] = timer, time.monotonic()


def end(alias: str) -> timedelta | None:
    """Watch it no longer; gives how long it took, where it was watched."""
    timer, begun = _running.pop(alias, (None, 0.0))
    if timer is None:
        return None
    timer.cancel()
    return timedelta(seconds=time.monotonic() - begun)


def judge(configuration: Configuration, alias: str, kind: str, took: timedelta | None, now: datetime) -> Alarm:
    """Tell of a finished backup whether it was fast enough, and end the alarm of one that was not."""
    limit = configuration.alarms.duration
    if took is not None and took > limit:
        return too_slow(alias, kind, limit, took, now)
    title = f"Backups of {alias} are fast enough again"
    text = f"The {kind} backup took less than {span(limit.total_seconds())}."
    return Alarm("recovered", _key(alias), title, text, utc_text(now), alias, kind)


def too_slow(alias: str, kind: str, limit: timedelta, took: timedelta | None, now: datetime) -> Alarm:
    """Tell that a backup runs, or ran, for too long."""
    usual = span(limit.total_seconds())
    if took is None:
        text = f"The {kind} backup of database {alias!r} has been running for {usual} and is not done."
    else:
        text = f"The {kind} backup of database {alias!r} took {span(took.total_seconds())}; {usual} are allowed."
    return Alarm(
        event="too_slow",
        key=_key(alias),
        title=f"The backup of {alias} is slow",
        text=f"{text}\nLook what server, disk and store are busy with; where it is right so, raise ALARMS['DURATION'].",
        at=utc_text(now),
        alias=alias,
        kind=kind,
        facts={"limit_seconds": limit.total_seconds(), "seconds": took.total_seconds() if took is not None else None},
    )


def _key(alias: str) -> str:
    return f"too_slow:{alias}"
