"""Looks at what there is, as nobody sends a signal when nothing happens."""

import shutil
from collections.abc import Iterable
from datetime import datetime

from holdfast import operations
from holdfast.alarms import judging
from holdfast.alarms.alarm import Alarm
from holdfast.conf import Configuration


def found(configuration: Configuration, now: datetime) -> Iterable[Alarm]:
    """Judge the backups that there are, and the room that they have."""
    backups = operations.list_backups()
    yield from judging.ages(backups, configuration.max_age, now)
    yield from judging.changes(backups, configuration.alarms, now)
    yield from judging.proofs(backups, now)
    folder = configuration.directory
    if folder.is_dir():
        usage = shutil.disk_usage(folder)
        yield judging.room(usage.free, usage.total, backups, configuration.alarms, now)
