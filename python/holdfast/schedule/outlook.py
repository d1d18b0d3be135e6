"""What is due, and what will be: from the list of backups, the memory beside them and the clock."""

from __future__ import annotations

import hashlib
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from holdfast import clock, conf, databases
from holdfast.kinds import PRE_RESTORE
from holdfast.operations import list_backups
from holdfast.schedule.memory import Done, Memory
from holdfast.schedule.settings import DRILL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from holdfast.conf import Configuration
    from holdfast.inventory import Backup
    from holdfast.schedule.settings import Entry

# The clocks of two hosts differ a little. What is further in the future was written by a wrong clock; if that counted
# as done, nothing would be done until then.
_TOLERANCE = timedelta(minutes=1)


@dataclass(frozen=True)
class Task:
    """One kind of backup of one database, or its drill."""

    entry: Entry
    alias: str
    # What it counts from; None where it was never done.
    last: datetime | None
    # When it was due, or will be next.
    due: datetime
    # The server's count of changed rows when it was done last.
    changes: int | None
    # What is next: for a drill, the backup that would be restored; for a backup, the last one of its kind.
    backup: Backup | None

    @property
    def kind(self) -> str:
        """The kind of backup, or `drill`."""
        return self.entry.kind

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from all others."""
        return self.kind, self.alias

    @property
    def label(self) -> str:
        """Name it for people."""
        return f"{self.alias} {self.kind}"

    def is_due(self, now: datetime) -> bool:
        """Whether its time has come; something else may still be in the way."""
        return self.due <= now

    def quiet_until(self, moment: datetime) -> datetime | None:
        """Give the end of the quiet hours that this moment is in."""
        return max(filter(None, (hours.end_after(moment) for hours in self.entry.quiet_hours)), default=None)

    @property
    def begins(self) -> datetime:
        """Give when it is due and no hours are quiet."""
        moment = self.due
        # Hours may touch; two rounds are enough for a day, and a day that is quiet all round would have no end.
        for _ in range(2 * len(self.entry.quiet_hours)):
            moment = self.quiet_until(moment) or moment
        return moment


def survey(configuration: Configuration, listed: tuple[Backup, ...], memory: Memory) -> list[Task]:
    """Give every task: backups by the importance of their databases, then drills."""
    now = clock.now()
    records = _Records(listed, memory, now)
    order = databases.all_aliases(configuration.databases)
    backups: list[tuple[int, Task]] = []
    for entry in configuration.schedule.backups:
        for rank, alias in enumerate(entry.databases or order):
            last, done = records.last(alias, entry.kind)
            task = Task(entry, alias, last, _due(entry, last, now), done, records.newest(alias, entry.kind))
            backups.append((rank, task))
    return [task for _, task in sorted(backups, key=lambda ranked: ranked[0])] + list(
        _drills(configuration, order, records, now)
    )


def tasks(listed: Iterable[Backup] | None = None) -> list[Task]:
    """Give every task, as it stands at this moment."""
    configuration = conf.load()
    return survey(configuration, list_backups() if listed is None else tuple(listed), Memory(configuration.directory))


def next_due(alias: str, listed: Iterable[Backup] | None = None) -> datetime | None:
    """Give the moment of the next backup of a database, in the past where one is overdue; None is never."""
    return min((task.begins for task in tasks(listed) if task.alias == alias and task.kind != DRILL), default=None)


def last_good(alias: str, kind: str | None, listed: Iterable[Backup] | None = None) -> datetime | None:
    """Give when the database was last known to be as a good backup of this kind, or of any, holds it."""
    backups = list_backups() if listed is None else tuple(listed)
    memory = Memory(conf.load().directory)
    records = _Records(backups, memory, clock.now())
    kinds = {backup.kind for backup in backups} - {PRE_RESTORE} if kind is None else {kind}
    found = (records.last(alias, each)[0] for each in kinds)
    return max((moment for moment in found if moment is not None), default=None)


def jitter(entry: Entry) -> timedelta:
    """Give the delay of this host: always the same one for a kind, so that asking twice gives one answer."""
    seconds = int(entry.jitter.total_seconds())
    if not seconds:
        return timedelta()
    digest = hashlib.sha256(f"{socket.gethostname()}:{entry.kind}".encode()).digest()
    return timedelta(seconds=int.from_bytes(digest[:8]) % seconds)


def _drills(configuration: Configuration, order: list[str], records: _Records, now: datetime) -> Iterator[Task]:
    entry = configuration.schedule.drill
    if entry is None:
        return
    for alias in entry.databases or order:
        backup = records.newest(alias)
        # Without a backup there is nothing to rehearse, and the missing backup is what to worry about.
        if backup is not None:
            last = records.last_drill(alias)
            yield Task(entry, alias, last, _due(entry, last, now), None, backup)


def _due(entry: Entry, last: datetime | None, now: datetime) -> datetime:
    delay = jitter(entry)
    # Counted from the moment without the delay: another host has another one, and may have been first.
    base = entry.times.previous(now - delay)
    if last is None or last < base:
        return base + delay
    return entry.times.following(now - delay) + delay


class _Records:
    """What was done, as far as a good backup stands for it."""

    def __init__(self, backups: tuple[Backup, ...], memory: Memory, now: datetime) -> None:
        self._latest = now + _TOLERANCE
        self._memory = memory
        self._all = backups
        self._good = [backup for backup in backups if backup.stands_for_database]

    def newest(self, alias: str, kind: str | None = None) -> Backup | None:
        """Give the newest good backup; a safety backup may be of a state that somebody wanted to be rid of."""
        return next(
            (
                backup
                for backup in self._good
                if backup.alias == alias and (kind == backup.kind or (kind is None and backup.kind != PRE_RESTORE))
            ),
            None,
        )

    def last(self, alias: str, kind: str) -> tuple[datetime | None, int | None]:
        """Give when this kind was done last, and the count of changes then."""
        newest, done = self.newest(alias, kind), self._memory.done(alias, kind)
        made = datetime.fromisoformat(newest.created) if newest else None
        if done is None or not self._believed(alias, done):
            return made, None
        at = datetime.fromisoformat(done.at)
        return (at, done.changes) if made is None or made <= at else (made, None)

    def last_drill(self, alias: str) -> datetime | None:
        """Give when a backup of this database was last restored for a trial, whatever came of it."""
        proofs = [
            backup.verified_at for backup in self._all if backup.alias == alias and backup.verified_how == "restored"
        ]
        done = self._memory.done(alias, DRILL)
        moments = [*proofs, done.at if done else None]
        return max((datetime.fromisoformat(at) for at in moments if at and self._has_been(at)), default=None)

    def _believed(self, alias: str, done: Done) -> bool:
        return self._has_been(done.at) and any(
            backup.alias == alias and backup.created >= done.backup_of for backup in self._good
        )

    def _has_been(self, moment: str) -> bool:
        return datetime.fromisoformat(moment) <= self._latest
