"""One run: everything that is due now, in its order, and what became of it.

A task that fails keeps no other from its turn. What is done is told by the backups and by the memory beside them, so a
run that was killed is continued by the next one, and a run with nothing to do does nothing.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from holdfast import alarms, clock, commitment, conf, places, rendering, rendering_retention, rendering_schedule
from holdfast.exceptions import HoldfastError, Interrupted, InvalidBackup, LockHeld
from holdfast.operations import backup, cleanup, discard_repetition, list_backups, validate
from holdfast.operations.session import own_errors
from holdfast.reports import OBJECTION
from holdfast.schedule import activity, copies, lease
from holdfast.schedule.hindrance import Hindrance, Turn, turn
from holdfast.schedule.memory import Done, Memory
from holdfast.schedule.outlook import Task, survey
from holdfast.schedule.settings import DRILL
from holdfast.stores import ALL, LOCAL, named

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from holdfast.inventory import Backup, Decision
    from holdfast.plans import BackupOptions
    from holdfast.progress import OnEvent
    from holdfast.reports import Report, ValidationReport

Key = tuple[str, str]


class Watcher(Protocol):
    """Whoever wants to see what happens while it does."""

    def progress(self, label: str) -> AbstractContextManager[OnEvent]:
        """Show how far one task is."""

    def told(self, text: str) -> None:
        """Take what went well, or what waits."""

    def warned(self, text: str) -> None:
        """Take what a human ought to read."""


@dataclass
class Tally:
    """What became of everything that was due."""

    made: list[Report] = field(default_factory=list)
    # Equal to an earlier backup, which stands for them.
    unchanged: list[Task] = field(default_factory=list)
    copied: int = 0
    removed: list[Decision] = field(default_factory=list)
    drilled: list[ValidationReport] = field(default_factory=list)
    waiting: dict[Key, Hindrance] = field(default_factory=dict)
    failures: dict[Key, HoldfastError] = field(default_factory=dict)
    # Everything that is scheduled, as it stands afterwards.
    tasks: list[Task] = field(default_factory=list)

    @property
    def done(self) -> int:
        """How much is done."""
        return len(self.made) + len(self.unchanged) + self.copied + len(self.drilled)

    def after(self, earlier: Tally) -> Tally:
        """Give what became of everything in this round and in those before it."""
        return replace(
            self,
            made=earlier.made + self.made,
            unchanged=earlier.unchanged + self.unchanged,
            copied=earlier.copied + self.copied,
            removed=earlier.removed + self.removed,
            drilled=earlier.drilled + self.drilled,
        )


class _Run:
    """What the stages of a run share."""

    def __init__(self, watcher: Watcher, resting: Collection[Key], held: ExitStack) -> None:
        # What is held until everything is where the other hosts look for it.
        self._held = held
        self._is_alone = False
        self.configuration = conf.load()
        self.memory = Memory(self.configuration.directory)
        self.watcher = watcher
        # What failed a short while ago; it is not tried again yet.
        self.resting = resting
        self.tally = Tally()
        self.look()

    def look(self) -> None:
        """List the backups again, after something was changed."""
        self.backups = list_backups()
        self.tally.tasks = survey(self.configuration, self.backups, self.memory)

    def due(self, *, drills: bool) -> list[Task]:
        """Give what is due."""
        now = clock.now()
        return [
            task
            for task in self.tally.tasks
            if (task.kind == DRILL) == drills and task.is_due(now) and task.key not in self.resting
        ]

    @contextmanager
    def attempt(self, key: Key) -> Iterator[None]:
        """Keep a failure for the end; a wish to stop is meant for everything."""
        commitment.obey()
        try:
            with own_errors():
                yield
        except Interrupted:
            raise
        except LockHeld as error:
            self.tally.waiting[key] = Hindrance(error.message, is_short=True, held=error)
        except HoldfastError as error:
            self.tally.failures[key] = error
            self.watcher.warned(rendering_schedule.failure(key, error))

    def turn(self, task: Task) -> Turn | None:
        """Give a task its turn, or note what it waits for."""
        found = turn(task, clock.now())
        if found.hindrance is not None:
            self.tally.waiting[task.key] = found.hindrance
            return None
        if found.throttled_by:
            self.watcher.told(f"{task.label}: begins slowly, {found.throttled_by}")
        return found

    def still_due(self, task: Task) -> Task | None:
        """Become the only host at work, and look whether another one has done the task meanwhile.

        Only who is about to do something asks for the lease: a store is not written to every few minutes for nothing.
        """
        if not self.configuration.stores:
            return task
        if not self._is_alone:
            self._held.enter_context(lease.store(self.configuration, self.watcher.warned))
            self._is_alone = True
            self.look()
        return next((now for now in self.due(drills=task.kind == DRILL) if now.key == task.key), None)


def run_due(watcher: Watcher, resting: Collection[Key] = ()) -> Tally:
    """Do what is due, alone among all hosts; LockHeld means that another one is at it."""
    # What is due is found out by the holder alone: another host may just have done it.
    with own_errors(), lease.folder(conf.load().directory), ExitStack() as held:
        run = _Run(watcher, resting, held)
        for stage in _STAGES:
            stage(run)
    alarms.review()
    return run.tally


def _back_up(run: _Run) -> None:
    for task in run.due(drills=False):
        with run.attempt(task.key):
            given = run.turn(task)
            due = run.still_due(task) if given else None
            if given and due:
                with lease.database(task.alias), run.watcher.progress(task.label) as progress:
                    _make(run, due, given, progress)
    if run.tally.done:
        run.look()


def _make(run: _Run, task: Task, given: Turn, progress: OnEvent) -> None:
    options: BackupOptions = {"kind": task.kind}
    if given.throttled_by and task.entry.busy is not None:
        options = {**options, "jobs": 1, "rate_limit": task.entry.busy.rate_limit}
    # Counted before the snapshot: what changes meanwhile counts for the next backup.
    changes = activity.count(task.alias) if task.entry.changes is not None else None
    report = backup(task.alias, on_event=progress, **options)
    earlier = _comparable(task, report)
    if earlier is not None and discard_repetition(report, earlier):
        run.memory.record(task.alias, task.kind, Done(report.created, earlier.created, earlier.name, changes))
        run.tally.unchanged.append(task)
        run.watcher.told(f"{task.label}: unchanged, {earlier.name} is still valid")
        return
    run.memory.record(task.alias, task.kind, Done(report.created, report.created, report.name, changes))
    run.tally.made.append(report)
    run.watcher.told(rendering.backup_line(report))
    for text in report.notices:
        run.watcher.warned(rendering.about(task.label, text))


def _comparable(task: Task, report: Report) -> Backup | None:
    earlier, limit = task.backup, task.entry.unchanged
    if earlier is None or limit is None:
        return None
    age = datetime.fromisoformat(report.created) - datetime.fromisoformat(earlier.created)
    return earlier if age < limit else None


def _copy(run: _Run) -> None:
    key = ("copies", "all")
    behind = copies.behind(run.configuration, run.backups, run.memory)
    if behind is None or key in run.resting:
        return
    run.tally.failures.pop(key, None)
    with run.attempt(key), run.watcher.progress("copies") as progress:
        run.tally.copied += copies.bring(behind, run.memory, progress, run.watcher.warned)
        run.watcher.told(f"copies: the stores have everything up to {behind.newest.name}")
        run.look()


def _clean_up(run: _Run) -> None:
    # Only behind new backups that are where they belong: while there are none, nothing may go.
    if not run.tally.made or ("copies", "all") in run.tally.failures:
        return
    for location in places.names(run.configuration, ALL):
        with run.attempt(("cleanup", location)):
            removed = _clean(run, location)
            if removed:
                run.tally.removed += removed
                run.watcher.told(f"{location} cleanup: {len(removed)} removed")
                run.watcher.told(rendering_retention.removed([(one.location, one.name) for one in removed]))
    run.look()


def _clean(run: _Run, location: str) -> tuple[Decision, ...]:
    rules = run.configuration.retention
    if location != LOCAL:
        rules = named(run.configuration.stores, location).retention(rules)
    # Rules that keep nothing are those of somebody who does not want this; a check warns of them.
    return () if rules.is_empty else cleanup(location=location)


def _rehearse(run: _Run) -> None:
    for task in run.due(drills=True):
        with run.attempt(task.key):
            due = run.still_due(task) if task.backup is not None and run.turn(task) else None
            if due and due.backup is not None:
                _drill(run, due, due.backup)
    if run.tally.drilled:
        run.look()


def _drill(run: _Run, task: Task, backup: Backup) -> None:
    with run.watcher.progress(task.label) as progress:
        report = validate(backup.name, depth="restore", on_event=progress)
    now = clock.utc_text(clock.now())
    done = Done(now, backup.created, report.name, seconds=report.seconds, problems=report.problems)
    run.memory.record(task.alias, DRILL, done)
    run.tally.drilled.append(report)
    if not report.ok:
        raise InvalidBackup(
            f"{report.name} does not restore: {report.problems[0]}",
            "Do not rely on it; make a new backup now: `manage.py backup_db`.",
        )
    run.watcher.told(rendering.validation(report))
    if report.objections:
        raise HoldfastError(
            f"{report.name}: {OBJECTION}: {report.objections[0]}",
            "The backup holds what the database held: look at the live data, or at the check.",
        )


# What is new is safe in two places before anything goes, and is proven when it is. What could not be copied is tried
# again in the end: some time has passed.
_STAGES: tuple[Callable[[_Run], None], ...] = (_back_up, _copy, _clean_up, _rehearse, _copy)
