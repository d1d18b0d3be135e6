"""Makes a backup when Django is about to migrate, where the policy wants one."""

import sys
from collections.abc import Iterable
from io import TextIOBase
from typing import Any, TextIO, cast

from django.core.management.base import CommandError
from django.db import connections
from django.db.migrations import Migration

from holdfast import commitment, conf, databases, rendering, signals
from holdfast.conf import Configuration
from holdfast.exceptions import HoldfastError, Interrupted, UsageError
from holdfast.management.base import with_hint
from holdfast.operations import backup, cleanup, list_backups
from holdfast.premigration import KIND, circumstances, revision
from holdfast.premigration.guard import Guard, standing
from holdfast.premigration.plan import MigrationPlan
from holdfast.premigration.policy import Verdict, judge
from holdfast.progress import ProgressLine
from holdfast.reports import Report
from holdfast.stores import LOCAL


def before_migrations(
    *, using: str, plan: Iterable[tuple[Migration, bool]], verbosity: int, stdout: Any = None, **_kwargs: Any
) -> None:
    """Act on `pre_migrate`; raises CommandError where nothing must be migrated."""
    migrations = MigrationPlan.of(using, plan)
    if not migrations.migrations or circumstances.is_test() or circumstances.is_fake():
        return
    told = _Told(stdout or sys.stdout, verbosity)
    try:
        _protect(migrations, told)
    except HoldfastError as error:
        raise CommandError(_stopped(error), returncode=error.exit_code) from error


class _Told(TextIOBase):
    """The output of `migrate`, for sentences, and raw for a line of progress."""

    def __init__(self, stdout: Any, verbosity: int) -> None:
        self._stdout = stdout
        self.verbosity = verbosity

    def say(self, text: str) -> None:
        if self.verbosity > 0:
            self.warn(text)

    def warn(self, text: str) -> None:
        self.write(f"{text}\n")

    def write(self, text: str) -> int:
        # Django's own wrapper ends everything with a new line where it is not told otherwise.
        if hasattr(self._stdout, "style_func"):
            self._stdout.write(text, ending="")
        else:
            self._stdout.write(text)
        return len(text)

    def flush(self) -> None:
        self._stdout.flush()

    def isatty(self) -> bool:
        return bool(self._stdout.isatty())


def _protect(plan: MigrationPlan, told: _Told) -> None:
    configuration, guard = conf.load(), standing()
    if not _concerns(plan.alias, configuration, guard, told):
        return
    if not databases.has_tables(databases.connection_for(plan.alias)):
        if guard is not None:
            guard.empty.append(plan.alias)
        return
    forced = Verdict(backup=True, reason="migrate_safely always makes one")
    verdict = judge(configuration.pre_migrate.policy, plan) if guard is None else forced
    signals.tell(signals.migration_judged, alias=plan.alias, plan=plan, verdict=verdict)
    if not verdict.backup:
        told.say(f"No backup of {plan.alias} before migrating: {verdict.reason}.")
        return
    told.say(f"Backing up {plan.alias} before migrating: {verdict.reason}.")
    try:
        report = _make(plan, verdict, configuration, told)
    except Interrupted:
        raise
    except HoldfastError as error:
        if guard is not None or configuration.pre_migrate.on_failure == "abort":
            raise
        told.warn(f"  WARNING: migrating without a backup, which failed: {with_hint(error)}")
        return
    if guard is not None:
        guard.backups[plan.alias] = report
    # Whoever asks to stop from here on stops the migration, not the backup.
    commitment.go_on()
    told.say(f"  {rendering.backup_line(report)}")
    for text in (*report.notices, *(f"not in {missing.store}: {missing.message}" for missing in report.missing)):
        told.warn(f"  WARNING: {text}")
    _clean_up(plan.alias, told)


def _concerns(alias: str, configuration: Configuration, guard: Guard | None, told: _Told) -> bool:
    """Tell whether this database is ours to back up; one that `migrate_safely` was given must be."""
    if guard is not None:
        databases.connection_for(alias)
        if alias not in databases.supported_aliases():
            raise UsageError(f"database {alias!r} is a mirror of another one", "Migrate its primary.")
        return True
    if configuration.databases is None and alias in databases.unsupported_aliases():
        told.say(f"No backup of {alias} before migrating: Holdfast knows PostgreSQL and SQLite only.")
    chosen = alias in databases.all_aliases(configuration.databases) and alias in databases.supported_aliases()
    return chosen and not databases.is_in_memory(connections[alias])


def _make(plan: MigrationPlan, verdict: Verdict, configuration: Configuration, told: _Told) -> Report:
    record = {
        "plan": plan.record(),
        "policy": configuration.pre_migrate.policy,
        "reason": verdict.reason,
        # That of the code that migrates; the code that fits the state in the backup is an older one.
        "revision": revision.current(),
        "belongs_to": _belongs_to(plan),
    }
    with ProgressLine(plan.alias, cast("TextIO", told), told.verbosity) as progress:
        return backup(
            plan.alias,
            on_event=progress,
            kind=KIND,
            remarks={"pre_migrate": record},
            upload=configuration.pre_migrate.upload,
        )


def _belongs_to(plan: MigrationPlan) -> str | None:
    added = [migration for migration in plan.migrations if not migration.backwards]
    # Code that can take migrations back knows the state that has them.
    return revision.before(one.file for one in added if one.file) if added else revision.current()


def _clean_up(alias: str, told: _Told) -> None:
    try:
        removed = cleanup(among={(LOCAL, one.name) for one in list_backups(alias, KIND, location=LOCAL)})
    except HoldfastError as error:
        told.warn(f"  Older backups of this kind were not cleaned up: {error.message}")
        return
    for decision in removed:
        told.say(f"  removed {decision.name}: {', '.join(decision.reasons)}")


def _stopped(error: HoldfastError) -> str:
    if isinstance(error, Interrupted):
        return "interrupted: nothing was migrated"
    return (
        f"nothing was migrated, because the backup before it failed: {with_hint(error)}\n"
        'To migrate without one, set HOLDFAST["PRE_MIGRATE"] to "never"; where the settings name no policy, '
        "run migrate with BACKUP_PRE_MIGRATE=never in the environment."
    )
