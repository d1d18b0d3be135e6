"""`manage.py run_backups`: does what the schedule says is due."""

from contextlib import AbstractContextManager
from typing import Any

from django.core.management.base import CommandParser

from holdfast import clock, conf, rendering_schedule
from holdfast.checks import CHECK_TAG
from holdfast.exceptions import HoldfastError, Interrupted, InvalidBackup, LockHeld, PartlyDone, UsageError
from holdfast.management.base import HoldfastCommand, add_format, refuse_together
from holdfast.progress import OnEvent
from holdfast.schedule.hindrance import turn
from holdfast.schedule.loop import forever, patiently
from holdfast.schedule.outlook import tasks
from holdfast.schedule.run import Tally, run_due


class Command(HoldfastCommand):
    """Takes backups, cleans up and rehearses restores, by HOLDFAST['SCHEDULE']."""

    help = "Does what is due by HOLDFAST['SCHEDULE']: backups, then cleanup, then restore drills; and ends."
    requires_system_checks = (CHECK_TAG,)
    interrupted = "interrupted: what is told above is done, nothing else was changed"

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        add = parser.add_argument
        add("--if-due", action="store_true", help="Never wait: what cannot be done now is left for the next call.")
        add("--loop", action="store_true", help="Go on until SIGTERM or Ctrl-C.")
        add("--dry-run", action="store_true", help="Tell what is due and why, and what will be, and stop.")
        add_format(parser)

    def handle(self, **options: Any) -> None:
        """Look, or do what is due: once, or for ever."""
        refuse_together(options, "if_due", "loop")
        if options["format"] == "json" and (options["loop"] or options["dry_run"]):
            raise UsageError("--format json is for what one run has done", "Leave --loop and --dry-run out.")
        if not conf.load().schedule.entries:
            raise UsageError(
                "there is no schedule", 'Write one: HOLDFAST = {"SCHEDULE": {"daily": "0 2 * * *"}} in the settings.'
            )
        if options["dry_run"] or options["loop"]:
            self.say(_outlook(), options)
        if options["dry_run"]:
            return
        watcher = _Watcher(self, options)
        if options["loop"]:
            try:
                forever(watcher)
            except (KeyboardInterrupt, Interrupted):
                # How a loop ends, and no failure; what was half done is gone, and is done after the next start.
                self.say("Stopped.", options)
            return
        tally = self._once(watcher, options)
        if options["format"] == "json":
            self.print_json(_document(tally or Tally()))
        if tally is None:
            return
        _raise(tally)
        if not tally.done and not tally.waiting:
            self.say("Nothing is due.", options)

    def _once(self, watcher: "_Watcher", options: dict[str, Any]) -> Tally | None:
        if not options["if_due"]:
            return patiently(watcher)
        try:
            tally = run_due(watcher)
        except LockHeld as error:
            self.say(f"Nothing to do here: {error}.", options)
            return None
        for key, hindrance in tally.waiting.items():
            self.say(rendering_schedule.waits(key, hindrance), options)
        return tally


class _Watcher:
    """Prints what happens as it happens."""

    def __init__(self, command: Command, options: dict[str, Any]) -> None:
        self._command = command
        self._options = options

    def progress(self, label: str) -> AbstractContextManager[OnEvent]:
        return self._command.progress(label, self._options)

    def told(self, text: str) -> None:
        self._command.say(text, self._options)
        # A log of a container is read while it runs.
        self._command.stdout.flush()

    def warned(self, text: str) -> None:
        self._command.warn(text)


def _document(tally: Tally) -> dict[str, Any]:
    return {
        "backups": [report.as_dict() for report in tally.made],
        "unchanged": [{"alias": task.alias, "kind": task.kind} for task in tally.unchanged],
        "copied": tally.copied,
        "removed": [decision.as_dict() for decision in tally.removed],
        "drills": [report.as_dict() for report in tally.drilled],
        "failures": [
            {"task": rendering_schedule.name(key), "message": error.message, "hint": error.hint}
            for key, error in tally.failures.items()
        ],
    }


def _outlook() -> str:
    scheduled, now = tasks(), clock.now()
    turns = {task.key: turn(task, now).hindrance for task in scheduled if task.is_due(now)}
    waiting = {key: hindrance for key, hindrance in turns.items() if hindrance is not None}
    return rendering_schedule.outlook(scheduled, waiting, now)


def _raise(tally: Tally) -> None:
    failures: list[HoldfastError] = list(tally.failures.values())
    if not failures:
        return
    # A bad backup is worse news than a missing one.
    bad = next((error for error in failures if isinstance(error, InvalidBackup)), None)
    if bad is None and tally.done:
        raise PartlyDone(
            f"not done: {', '.join(rendering_schedule.name(key) for key in tally.failures)}; the rest is",
            "The reason is above; the next run tries again.",
        )
    raise bad or failures[0]
