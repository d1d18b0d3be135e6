"""Makes a backup when Django is about to migrate, where the policy wants one."""

import sys
from collections.abc import Iterable
from typing import Any

from django.core.management.base import CommandError
from django.db import connections
from django.db.migrations import Migration
from django.db.migrations.recorder import MigrationRecorder

from holdfast import conf, databases, signals
from holdfast.conf import Configuration
from holdfast.exceptions import HoldfastError, Interrupted, LockHeld, UsageError
from holdfast.management.base import with_hint
from holdfast.operations.session import own_errors
from holdfast.premigration import circumstances, revision, tree, turns
from holdfast.premigration.deployment import Deployment, Turn, named
from holdfast.premigration.guard import Guard, standing
from holdfast.premigration.making import back_up, stands
from holdfast.premigration.plan import MigrationPlan
from holdfast.premigration.policy import Verdict, judge
from holdfast.premigration.telling import Told

# Migrates for as long as the process lives, where no command does.
_ALWAYS = type("Always", (), {})()


def before_migrations(
    *, using: str, plan: Iterable[tuple[Migration, bool]], verbosity: int, stdout: Any = None, **_kwargs: Any
) -> None:
    """Act on `pre_migrate`; raises CommandError where nothing must be migrated."""
    migrations = MigrationPlan.of(using, plan)
    if not migrations.migrations or circumstances.is_test() or circumstances.is_fake():
        return
    told = Told(stdout or sys.stdout, verbosity)
    try:
        done = _protect(migrations, told)
    except BaseException as error:
        turns.end_run(using)
        if not isinstance(error, HoldfastError):
            raise
        raise CommandError(_stopped(error), returncode=error.exit_code) from error
    if not done:
        return
    if not isinstance(plan, list):
        raise CommandError("nothing was migrated: another process has done all of it", returncode=LockHeld.exit_code)
    # It is the very list that Django goes through next.
    plan.clear()


def after_migrations(*, using: str, **_kwargs: Any) -> None:
    """Act on `post_migrate`."""
    turns.last_sign(using)


def _protect(plan: MigrationPlan, told: Told) -> bool:
    """Make a backup where one is wanted; tell whether another process has done all of the plan meanwhile."""
    configuration, guard = conf.load(), standing()
    if not _concerns(plan.alias, configuration, guard, told):
        return False
    connection = databases.connection_for(plan.alias)
    if not databases.has_tables(connection):
        if guard is not None:
            guard.empty.append(plan.alias)
        return False
    forced = Verdict(backup=True, reason="migrate_safely always makes one")
    verdict = _verdict(plan, configuration) if guard is None else forced
    signals.tell(signals.migration_judged, alias=plan.alias, plan=plan, verdict=verdict)
    if not verdict.backup:
        told.say(f"No backup of {plan.alias} before migrating: {verdict.reason}.")
        return False
    turn = Turn()
    try:
        return _secure(plan, verdict, configuration, turn, told)
    except Interrupted:
        raise
    except HoldfastError as error:
        # Whoever has waited may have a plan of what is done by now.
        if turn.waited or guard is not None or configuration.pre_migrate.on_failure == "abort":
            raise
        told.warn(f"  WARNING: migrating without a backup, which failed: {with_hint(error)}")
        return False


def _verdict(plan: MigrationPlan, configuration: Configuration) -> Verdict:
    policy = configuration.pre_migrate.policy
    verdict = judge(policy, plan)
    # A new tenant: nothing of its own can be lost, and a backup for each would be one of all the others.
    if verdict.backup and policy in ("smart", "schema") and databases.is_new_schema(connections[plan.alias]):
        return Verdict(backup=False, reason="its schema is new, and holds nothing yet")
    return verdict


def _secure(plan: MigrationPlan, verdict: Verdict, configuration: Configuration, turn: Turn, told: Told) -> bool:
    """Have a backup of this deployment, by whichever of its processes; tell whether the plan is done meanwhile."""
    guard = standing()
    with own_errors(), turns.turn(_deployment(plan.alias, configuration, guard), turn, told.say):
        if turn.waited and not _is_still_to_do(plan, told):
            return True
        if turn.backup and not stands(plan.alias, turn.backup):
            told.warn(
                f"  WARNING: {turn.backup}, with which this deployment began, is gone or damaged: the way back leads "
                "to the state of now, in which a part of it is migrated"
            )
            turn.backup = None
        if turn.backup:
            told.say(f"{plan.alias} is backed up already: this deployment began with {turn.backup}.")
        elif turn.failed and configuration.pre_migrate.on_failure == "warn" and guard is None:
            told.warn("  WARNING: migrating without a backup, which failed at the beginning of this deployment")
        else:
            turn.failed = False
            try:
                turn.backup = back_up(plan, verdict, configuration, told)
            except HoldfastError as error:
                # Whoever was interrupted has not failed, and tries again.
                turn.failed = not isinstance(error, Interrupted)
                raise
    return False


def _deployment(alias: str, configuration: Configuration, guard: Guard | None) -> Deployment:
    command, current = circumstances.command() or _ALWAYS, revision.current()
    whole = named(tree.identity(), alias, current)
    name = named(guard.name, alias, current) if guard else whole
    return Deployment(configuration.directory, alias, name, whole, command, circumstances.run() or command)


def _is_still_to_do(plan: MigrationPlan, told: Told) -> bool:
    """Compare the plan with what was migrated while this waited; Django forgets what is done already."""
    applied = MigrationRecorder(connections[plan.alias]).applied_migrations()
    done = [one for one in plan.migrations if ((one.app, one.name) in applied) != one.backwards]
    if not done:
        return True
    if len(done) < len(plan.migrations):
        raise CommandError(
            f"nothing was migrated: another process has applied {done[0]} to {plan.alias} meanwhile, but not the whole "
            "plan\nRun migrate again.",
            returncode=LockHeld.exit_code,
        )
    told.say(f"Another process has migrated {plan.alias} meanwhile: nothing is left to do.")
    return False


def _concerns(alias: str, configuration: Configuration, guard: Guard | None, told: Told) -> bool:
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


def _stopped(error: HoldfastError) -> str:
    if isinstance(error, Interrupted):
        return "interrupted: nothing was migrated"
    return (
        f"nothing was migrated, because the backup before it failed: {with_hint(error)}\n"
        'To migrate without one, set HOLDFAST["PRE_MIGRATE"] to "never"; where the settings name no policy, '
        "run migrate with BACKUP_PRE_MIGRATE=never in the environment."
    )
