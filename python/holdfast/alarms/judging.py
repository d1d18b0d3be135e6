"""Decides what is an alarm; pure functions of the backups that are listed, the settings and the time.

Each gives alarms; one with the event `recovered` says that the trouble of its key is over, if there was any.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median

from holdfast.alarms.alarm import Alarm, Fact
from holdfast.alarms.settings import Thresholds
from holdfast.clock import utc_text
from holdfast.exceptions import HoldfastError, Interrupted
from holdfast.inventory import Backup
from holdfast.operations.ages import is_good
from holdfast.rendering import age, counted, size
from holdfast.reports import Report, RestoreReport
from holdfast.visible import visible

# A median of fewer says nothing.
_FEWEST = 3


def failed_key(alias: str) -> str:
    """Name the trouble that a database has no new backup; a later one of whatever kind ends it."""
    return f"backup_failed:{alias}"


def failed(alias: str, kind: str, error: BaseException, backups: Sequence[Backup], now: datetime) -> Alarm:
    """Tell that a backup failed, and what there is instead."""
    last = next((backup for backup in backups if backup.alias == alias and is_good(backup)), None)
    lines = [f"The {kind} backup of database {alias!r} failed: {said(error)}"]
    lines.append(f"The last good backup is {last.name}." if last else "There is no good backup of it at all.")
    lines.append(f"Try again when that is mended: manage.py backup_db --database {alias} --type {kind}")
    return Alarm(
        event="backup_failed",
        key=failed_key(alias),
        title=f"Backup of {alias} failed",
        text="\n".join(lines),
        at=utc_text(now),
        alias=alias,
        kind=kind,
        facts={"last_good": last.name if last else None, "last_good_age": age(last.created, now) if last else None},
    )


def succeeded(report: Report, now: datetime) -> Alarm:
    """Tell that there are backups again."""
    return Alarm(
        event="recovered",
        key=failed_key(report.alias),
        title=f"Backups of {report.alias} work again",
        text=f"{report.name} was made.",
        at=utc_text(now),
        alias=report.alias,
        kind=report.kind,
        facts={"backup": report.name, "rows": report.rows, "stored_bytes": report.stored_size},
    )


def restored(report: RestoreReport, now: datetime) -> Alarm:
    """Tell that somebody restored a database."""
    before = report.safety_backup or (report.kept.name if report.kept else None)
    return Alarm(
        event="restore_done",
        key=f"restore_done:{report.alias}:{utc_text(now)}",
        title=f"{report.alias} was restored",
        text=f"Database {report.database!r} was restored from {report.backup}.\n"
        + (f"The state before it is in {before}." if before else "The state before it was not kept."),
        at=utc_text(now),
        alias=report.alias,
        facts={"backup": report.backup, "rows": report.rows, "tables": report.tables, "before": before},
    )


def changes(backups: Sequence[Backup], thresholds: Thresholds, now: datetime) -> Iterable[Alarm]:
    """Compare the newest backup of each database and kind with the median of those before it, all of them whole.

    Sizes are those of the content: another codec changes none of them.
    """
    series: dict[tuple[str, str], list[Backup]] = {}
    for backup in filter(is_good, backups):
        series.setdefault((backup.alias, backup.kind), []).append(backup)
    for (alias, kind), (newest, *older) in series.items():
        # The alias may have meant another database until lately.
        same = [backup for backup in older if (backup.engine, backup.database) == (newest.engine, newest.database)]
        recent = same[: thresholds.recent]
        if len(recent) < _FEWEST:
            continue
        usual = {
            "rows": median(backup.rows for backup in recent),
            "bytes": median(backup.raw_size for backup in recent),
        }
        found = {"rows": newest.rows, "bytes": newest.raw_size}
        off = {name: _share(found[name], usual[name]) for name in found}
        key = f"changed:{alias}:{kind}"
        facts: dict[str, Fact] = {"backup": newest.name}
        for name, share in off.items():
            facts |= {name: found[name], f"usual_{name}": round(usual[name]), f"{name}_off_percent": round(100 * share)}
        shrunk = newest.raw_size < usual["bytes"] * (1 - thresholds.shrink)
        if max(off.values()) <= thresholds.change and not shrunk:
            title, text = f"{kind} backups of {alias} are as usual again", f"{newest.name} is near the median."
            yield Alarm("recovered", key, title, text, utc_text(now), alias, kind, facts)
            continue
        text = (
            f"{newest.name} has {counted(newest.rows, 'row')} and {size(newest.raw_size)}; "
            f"the median of the {len(recent)} before it is {counted(round(usual['rows']), 'row')} "
            f"and {size(usual['bytes'])}.\n"
            "If nobody has loaded or deleted so much, look at the database before older backups go: "
            "manage.py cleanup_backups --pin keeps one."
        )
        title = f"The {kind} backup of {alias} is {'smaller than' if shrunk else 'unlike'} those before"
        # Of the backup's time: one strange backup is told once.
        yield Alarm("changed", key, title, text, newest.created, alias, kind, facts)


def folder_lost(folder: Path, error: HoldfastError, now: datetime) -> Alarm:
    """Tell that nobody knows which backups there are."""
    text = f"{folder} cannot be read: {said(error)}"
    return Alarm("backup_failed", "folder", "The folder of the backups cannot be read", text, utc_text(now))


def folder_found(folder: Path, now: datetime) -> Alarm:
    """Tell that the folder can be read."""
    title = "The folder of the backups can be read again"
    return Alarm("recovered", "folder", title, f"It is {folder}.", utc_text(now))


@dataclass(frozen=True)
class Disk:
    """The disk of the folder, in bytes."""

    free: int
    total: int
    # What the schedule is about to fill.
    growth: int = 0


def room(disk: Disk, backups: Sequence[Backup], thresholds: Thresholds, now: datetime) -> Alarm:
    """Compare the free space of the folder with what it should have, and with what is coming."""
    free, total = disk.free, disk.total
    newest = {backup.alias: backup for backup in reversed(backups) if is_good(backup)}
    # A SQLite database is copied there first, whole.
    needed = sum(
        backup.stored_size + (backup.raw_size if backup.engine == "sqlite" else 0) for backup in newest.values()
    )
    facts: dict[str, Fact] = {
        "free_bytes": free,
        "total_bytes": total,
        "next_backups_bytes": needed,
        "growth_bytes": disk.growth,
    }
    key = "disk_nearly_full"
    if free >= total * thresholds.disk_free and free >= max(needed, disk.growth):
        title, text = "The disk of the backups has room again", f"{size(free)} of {size(total)} are free."
        return Alarm("recovered", key, title, text, utc_text(now), facts=facts)
    text = (
        f"{size(free)} of {size(total)} are free; the next backups will need about {size(needed)}, "
        f"those of the next two days {size(max(needed, disk.growth))}.\n"
        "See what retention would remove: manage.py cleanup_backups --dry-run"
    )
    return Alarm("disk_nearly_full", key, "The disk of the backups is nearly full", text, utc_text(now), facts=facts)


def said(error: BaseException) -> str:
    """Tell of an error what may be sent."""
    if isinstance(error, KeyboardInterrupt | Interrupted):
        return "it was interrupted."
    if isinstance(error, HoldfastError):
        return "\n".join(visible(text) for text in (error.message, error.hint) if text)
    # Our own messages hold no secrets; those of others may.
    return f"{type(error).__name__}; see what the command printed."


def _share(found: float, usual: float) -> float:
    if usual == 0:
        return 0.0 if found == 0 else 1.0
    return abs(found - usual) / usual
