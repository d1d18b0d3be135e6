"""Turns the status of databases into text: for people, and for Nagios; pure functions."""

from collections.abc import Sequence
from datetime import datetime

from holdfast.condition import Condition, Proof, Status
from holdfast.history import AuditReport
from holdfast.inventory import Backup
from holdfast.rendering import ago, counted, size, span
from holdfast.rendering_schedule import moment
from holdfast.showing import for_people

# https://nagios-plugins.org/doc/guidelines.html
NAGIOS_CODES: dict[Condition, int] = {"ok": 0, "warning": 1, "critical": 2}
NAGIOS_UNKNOWN = 3


@for_people
def status(statuses: Sequence[Status], now: datetime) -> str:
    """Give a block for each database."""
    return "\n\n".join(_block(one, now) for one in statuses) or "No database is backed up."


@for_people
def nagios(statuses: Sequence[Status]) -> tuple[int, str]:
    """Give the exit code and the line: the worst condition, why, and the figures."""
    if not statuses:
        return NAGIOS_UNKNOWN, "HOLDFAST UNKNOWN - no database is backed up"
    worst = max((one.condition for one in statuses), key=NAGIOS_CODES.__getitem__)
    reasons = "; ".join(f"{one.alias}: {reason}" for one in statuses for reason in one.reasons)
    ages = ", ".join(f"{one.alias}: {span(one.age_seconds)} old" for one in statuses if one.age_seconds is not None)
    figures = " ".join(figure for one in statuses for figure in _figures(one))
    # The bar separates the figures, and a line has no end but its own.
    said = " ".join((reasons or ages).replace("|", "/").split())
    return NAGIOS_CODES[worst], f"HOLDFAST {worst.upper()} - {said} | {figures}"


def _block(one: Status, now: datetime) -> str:
    facts = {"last backup": "none"}
    if one.backup is not None and one.created is not None:
        facts = {
            "last backup": f"{one.backup} ({ago(one.created, now)})",
            "size": f"{size(one.stored_size or 0)} (raw {size(one.raw_size or 0)}), {counted(one.rows or 0, 'row')}",
            "copies": ", ".join(one.locations),
        }
    for target in one.targets:
        which = f"age of {target.kind}" if target.kind else "age"
        old = "none" if target.age_seconds is None else span(target.age_seconds)
        verdict = "TOO OLD" if target.too_old else "good"
        facts[which] = f"{old}, at most {span(target.max_age_seconds)}: {verdict}"
    facts["proven"] = proof(one.proven, now)
    facts["next due"] = moment(datetime.fromisoformat(one.next_due)) if one.next_due else "nothing is scheduled"
    facts["free"] = size(one.free_bytes)
    lines = [f"{one.alias}: {one.condition.upper()}"]
    lines += [f"   {reason}" for reason in one.reasons]
    lines += [f"   {name + ':':<14} {value}" for name, value in facts.items()]
    return "\n".join(lines)


@for_people
def proofs(backups: Sequence[Backup], now: datetime) -> str:
    """Give a line for each database: which of its backups is known to come back, because it did."""
    lines = []
    for alias in dict.fromkeys(backup.alias for backup in backups):
        proven = [(backup.proven_at, backup.name) for backup in backups if backup.alias == alias and backup.proven_at]
        if proven:
            at, name = max(proven)
            lines.append(f"{alias}: last proven restorable {ago(at, now)}, {name}")
        else:
            lines.append(f"{alias}: none of these is proven restorable; `manage.py validate_backup --deep` does it")
    return "\n".join(lines)


def proof(known: Proof | None, now: datetime) -> str:
    """Tell when a backup was last restored, and how long that took."""
    if known is None:
        return "never; `manage.py validate_backup --deep` does it"
    took = "" if known.seconds is None else f", took {known.seconds:.1f} s"
    return f"{known.backup} ({known.how} {ago(known.at, now)}{took})"


def _figures(one: Status) -> list[str]:
    figures = []
    if one.age_seconds is not None:
        limit = next((f"{target.max_age_seconds:.0f}" for target in one.targets if target.kind is None), "")
        figures.append(f"'{one.alias}_age'={one.age_seconds:.0f}s;;{limit};0")
    if one.stored_size is not None:
        figures.append(f"'{one.alias}_size'={one.stored_size}B;;;0")
    figures.append(f"'{one.alias}_failures'={one.failures};;;0")
    figures.append(f"'{one.alias}_free'={one.free_bytes}B;;;0")
    return figures


@for_people
def audit(report: AuditReport) -> str:
    """Tell whether the audit log is what was written."""
    verdict = "whole" if report.ok else f"BROKEN, {report.problem}"
    lines = [f"{report.path}: {verdict} ({report.lines:,} lines hold, the last has the hash {report.last_hash})"]
    return "\n".join([*lines, *(f"   note: {note}" for note in report.notes)])
