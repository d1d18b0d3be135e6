"""Decides what is an alarm of validations and restore drills; pure, as `judging`.

That a backup does not come back, and that a check of the project is not content with what came back, are two troubles.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from holdfast.alarms.alarm import Alarm
from holdfast.alarms.judging import said
from holdfast.clock import utc_text
from holdfast.inventory import Backup


def drill_failed(alias: str, backup: str, error: BaseException, now: datetime) -> Alarm:
    """Tell that a trial restore could not be done; what it finds out about a backup is seen by `proofs`."""
    return Alarm(
        event="drill_failed",
        key=f"drill_failed:{alias}",
        title=f"The restore drill of {alias} failed",
        text=f"{backup} could not be restored for a trial: {said(error)}",
        at=utc_text(now),
        alias=alias,
        facts={"backup": backup},
    )


def drill_passed(alias: str, backup: str, now: datetime) -> Alarm:
    """Tell that trial restores can be done again."""
    title, text = f"Restore drills of {alias} work again", f"{backup} was restored for a trial, and compared."
    return Alarm("recovered", f"drill_failed:{alias}", title, text, utc_text(now), alias, facts={"backup": backup})


def proofs(backups: Sequence[Backup], now: datetime) -> Iterable[Alarm]:
    """Look at what the latest validation or drill of each database has found."""
    for alias, backup in _latest(backups):
        key, facts = f"bad:{alias}", {"backup": backup.name, "how": backup.verified_how}
        if backup.verified_ok:
            title, text = f"Backups of {alias} are good again", f"{backup.name} has passed its validation."
            yield Alarm("recovered", key, title, text, utc_text(now), alias, facts=facts)
            continue
        text = (
            f"{backup.name} did not pass when it was {backup.verified_how}. Do not rely on it: make a new backup now.\n"
            f"What is wrong with it: manage.py validate_backup {backup.name}"
        )
        # Of that moment: the same finding is not told again.
        at = backup.verified_at or utc_text(now)
        yield Alarm("drill_failed", key, f"A backup of {alias} is bad", text, at, alias, facts=facts)


def objections(backups: Sequence[Backup], now: datetime) -> Iterable[Alarm]:
    """Look at what the project's own checks said of the latest backup of each database that came back in a drill."""
    for alias, backup in _latest([backup for backup in backups if backup.proven_at]):
        key, facts = f"objection:{alias}", {"backup": backup.name}
        if not backup.objections:
            title, text = f"The checks of {alias} are content again", f"{backup.name} came back, and they looked at it."
            yield Alarm("recovered", key, title, text, utc_text(now), alias, facts=facts)
            continue
        # Without what they say, which is not ours and may be about a person.
        names = [objection.partition(":")[0] for objection in backup.objections]
        text = (
            f"{backup.name} comes back exactly, but these checks of the project are not content with the data in it: "
            f"{', '.join(names)}.\nThe database was like that when the backup was made: look at the live data.\n"
            f"What they say: manage.py list_backups {backup.name}"
        )
        title, at = f"A check of {alias} is not content with its data", backup.verified_at or utc_text(now)
        yield Alarm("check_failed", key, title, text, at, alias, facts=facts)


def _latest(backups: Sequence[Backup]) -> Iterator[tuple[str, Backup]]:
    latest: dict[str, Backup] = {}
    # Of two that were found out in one second the younger backup counts.
    for backup in sorted(filter(lambda one: one.verified_at, backups), key=lambda one: (one.verified_at, one.created)):
        latest[backup.alias] = backup
    yield from latest.items()
