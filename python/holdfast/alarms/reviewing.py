"""Looks at what there is, as nobody sends a signal when nothing happens."""

import shutil
from collections.abc import Iterable, Sequence
from datetime import datetime

from holdfast import operations
from holdfast.alarms import judging, judging_copies, judging_drills
from holdfast.alarms.alarm import Alarm
from holdfast.conf import Configuration
from holdfast.exceptions import HoldfastError
from holdfast.operations import forecast
from holdfast.stores import LOCAL, Store


def near(configuration: Configuration, now: datetime) -> Iterable[Alarm]:
    """Judge by the folder of this machine alone: quick, and possible whatever the network does."""
    return _judged(configuration, (), now)


def everywhere(configuration: Configuration, now: datetime) -> Iterable[Alarm]:
    """Judge by the stores too, which have to be asked over the network."""
    return _judged(configuration, configuration.stores, now)


def _judged(configuration: Configuration, asked: Sequence[Store], now: datetime) -> Iterable[Alarm]:
    folder = configuration.directory
    try:
        here = operations.list_backups(location=LOCAL)
    except HoldfastError as error:
        yield judging.folder_lost(folder, error, now)
        return
    yield judging.folder_found(folder, now)
    yield from judging.changes(here, configuration.alarms, now)
    yield from judging_drills.proofs(here, now)
    yield from judging_drills.objections(here, now)
    if folder.is_dir():
        usage = shutil.disk_usage(folder)
        disk = judging.Disk(usage.free, usage.total, forecast.growth(configuration, here, now))
        yield judging.room(disk, here, configuration.alarms, now)

    known, answered = list(here), 0
    for store in asked:
        try:
            there = operations.list_backups(location=store.name)
        except HoldfastError as error:
            yield judging_copies.unreachable(store.name, error, now)
            continue
        answered += 1
        known += there
        yield judging_copies.reachable(store.name, now)
        yield from judging_copies.uploads(store.name, there, here, configuration.max_age, now)
    known.sort(key=lambda backup: backup.created, reverse=True)
    for alarm in judging_copies.ages(known, configuration.max_age, now):
        # A store that was not asked, or did not answer, may have the backup that seems to be missing.
        if answered == len(configuration.stores) or alarm.event == "recovered":
            yield alarm
