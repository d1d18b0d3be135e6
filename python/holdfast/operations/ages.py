"""Which backups are to be relied on, and how old they are, as against their targets."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from holdfast import schedule
from holdfast.condition import Aging
from holdfast.inventory import Backup
from holdfast.kinds import PRE_RESTORE
from holdfast.targets import Target


def is_good(backup: Backup) -> bool:
    """Tell whether a backup is one to rely on: it stands for its database, and is no safety backup."""
    return backup.stands_for_database and backup.kind != PRE_RESTORE


def aging(target: Target, good: Sequence[Backup], now: datetime) -> Aging:
    """Compare the newest of the good backups of a database with one of its targets."""
    newest = next((backup for backup in good if target.kind in (None, backup.kind)), None)
    seconds = age_seconds(newest, target.kind, good, now) if newest else None
    limit = target.max_age.total_seconds()
    return Aging(
        kind=target.kind,
        backup=newest.name if newest else None,
        age_seconds=seconds,
        max_age_seconds=limit,
        too_old=seconds is None or seconds > limit,
    )


def age_seconds(backup: Backup, kind: str | None, good: Sequence[Backup], now: datetime) -> float:
    """Tell how long ago the database was as this backup has it, of one kind or of any."""
    # Where a newer one was found to be equal, this one stands for the state of that moment.
    confirmed = schedule.last_good(backup.alias, kind, good)
    moments = [datetime.fromisoformat(backup.created), *([confirmed] if confirmed else [])]
    return (now - max(moments)) / timedelta(seconds=1)
