"""Makes the backup before a migration, and removes older ones of this kind."""

from typing import TextIO, cast

from holdfast import commitment, rendering
from holdfast.conf import Configuration
from holdfast.exceptions import HoldfastError
from holdfast.kinds import PRE_MIGRATE
from holdfast.operations import backup, cleanup, list_backups
from holdfast.premigration import revision
from holdfast.premigration.guard import standing
from holdfast.premigration.plan import MigrationPlan
from holdfast.premigration.policy import Verdict
from holdfast.premigration.telling import Told
from holdfast.progress import ProgressLine
from holdfast.reports import Report
from holdfast.stores import LOCAL
from holdfast.visible import visible


def back_up(plan: MigrationPlan, verdict: Verdict, configuration: Configuration, told: Told) -> str:
    """Make it, tell of it, and give its name."""
    guard = standing()
    told.say(f"Backing up {plan.alias} before migrating: {verdict.reason}.")
    report = _make(plan, verdict, configuration, told)
    if guard is not None:
        guard.backups[plan.alias] = report
    # Whoever asks to stop from here on stops the migration, not the backup.
    commitment.go_on()
    told.say(f"  {rendering.backup_line(report, configuration.pre_migrate.upload)}")
    if guard is None:
        # Whatever stops the migration halfway, this stands above its error.
        told.say(f"  To go back to this state: manage.py rollback_migration {report.name}")
    for text in (*report.notices, *(f"not in {missing.store}: {missing.message}" for missing in report.missing)):
        told.warn(f"  WARNING: {visible(text)}")
    _clean_up(plan.alias, told)
    return report.name


def stands(alias: str, name: str) -> bool:
    """Tell whether one can go back to this backup, as far as its manifest and its size tell."""
    local = list_backups(alias, PRE_MIGRATE, location=LOCAL)
    return any(backup.name == name and backup.stands_for_database for backup in local)


def _make(plan: MigrationPlan, verdict: Verdict, configuration: Configuration, told: Told) -> Report:
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
            kind=PRE_MIGRATE,
            remarks={"pre_migrate": record},
            upload=configuration.pre_migrate.upload,
        )


def _belongs_to(plan: MigrationPlan) -> str | None:
    added = [migration for migration in plan.migrations if not migration.backwards]
    # Code that can take migrations back knows the state that has them.
    return revision.before(one.file for one in added if one.file) if added else revision.current()


def _clean_up(alias: str, told: Told) -> None:
    try:
        removed = cleanup(among={(LOCAL, one.name) for one in list_backups(alias, PRE_MIGRATE, location=LOCAL)})
    except HoldfastError as error:
        told.warn(f"  Older backups of this kind were not cleaned up: {error.message}")
        return
    for decision in removed:
        told.say(f"  removed {decision.name}: {', '.join(decision.reasons)}")
