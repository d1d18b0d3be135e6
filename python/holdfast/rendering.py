"""Turns reports into text for a terminal; pure functions."""

from collections.abc import Sequence
from datetime import UTC, datetime

from holdfast.databases import ENGINES
from holdfast.inventory import Backup
from holdfast.reports import (
    OBJECTION,
    KeptDatabase,
    Report,
    RestorePreview,
    RestoreReport,
    SyncReport,
    TableChange,
    ValidationReport,
)
from holdfast.showing import for_people
from holdfast.stores import LOCAL

# A plan with more tables than fit on a screen shows those that change.
_TABLES_SHOWN_WHOLE = 40

WAYS_BACK = "restore_db --undo brings it back, restore_db --drop-old removes it"


def size(number: float) -> str:
    """Give a number of bytes as people read it.

    >>> size(4_100_000)
    '4.1 MB'
    """
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 1000:  # noqa: PLR2004 - decimal units
            return f"{number:.0f} {unit}" if unit == "bytes" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def span(seconds: float) -> str:
    """Tell a length of time in a unit in which it does not look like another one.

    >>> span(26 * 3600), span(3600)
    ('26 hours', '1 hour')
    """
    for name, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds == length:
            return f"1 {name}"
        if seconds >= 2 * length:
            return f"{seconds // length:.0f} {name}s"
    return "1 second" if round(seconds) == 1 else f"{seconds:.0f} seconds"


# The clocks of two machines differ a little.
CLOCK_DIFFERENCE_SECONDS = 60


def age(created: str, now: datetime) -> str:
    """Tell how long ago something was, in its largest unit."""
    seconds = (now - datetime.fromisoformat(created).astimezone(UTC)).total_seconds()
    for name, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = int(seconds // length)
        if count >= 1:
            return f"{count} {name}{'s' if count > 1 else ''}"
    return "just now" if seconds > -CLOCK_DIFFERENCE_SECONDS else "in the future"


def ago(moment: str, now: datetime) -> str:
    """Tell when something was, as seen from now."""
    when = age(moment, now)
    return when if when in {"just now", "in the future"} else f"{when} ago"


@for_people
def about(subject: str, text: str) -> str:
    """Say of what a text speaks."""
    return f"{subject}: {text}"


@for_people
def backup_line(report: Report, copies: Sequence[str] = ()) -> str:
    """Sum up a backup that was made, and of which copies were to go to these stores."""
    sizes = f"{size(report.stored_size)} (raw {size(report.raw_size)})"
    missing = {one.store for one in report.missing}
    places = [report.location, *(store for store in copies if store not in missing)]
    where = "" if places == [LOCAL] else f"  in {', '.join(places)}"
    return f"{report.alias}: {report.name}  {counted(report.rows, 'row')}  {sizes}  {report.seconds:.1f} s{where}"


@for_people
def restore_plan(preview: RestorePreview) -> str:
    """Tell everything that a restore would do."""
    engine = ENGINES[preview.engine]
    source = "" if preview.location == LOCAL else f" from the store {preview.location}"
    lines = [
        f"Restore {preview.backup} of {preview.created}{source}",
        f"   into database {preview.database!r} (alias {preview.alias!r}, {engine}, {preview.strategy})",
        f"   last proven restorable: {preview.proven_at or 'never'}",
    ]
    if preview.strategy_reason:
        lines.append(f"   {preview.strategy}, because {preview.strategy_reason}")
    if preview.kept_as:
        lines.append(f"   the old database is kept as {preview.kept_as}; {WAYS_BACK}")
    if preview.scope != "full":
        lines.append("   only the " + {"data-only": "rows", "schema-only": "schema"}[preview.scope])
    lines += _section("Dropped, because the backup does not have it:", preview.drops)
    lines += _section("Created:", preview.creates)
    lines += _section("Kept as it is:", preview.keeps)
    lines += _section("Rows per table, before and after:", _changes(preview.tables))
    lines += _section("Take note:", preview.warnings)
    return "\n".join(lines)


def _section(title: str, entries: Sequence[str]) -> list[str]:
    return ["", title, *(f"   {entry}" for entry in entries)] if entries else []


def _changes(tables: Sequence[TableChange]) -> list[str]:
    shown = list(tables)
    if len(shown) > _TABLES_SHOWN_WHOLE:
        shown = [table for table in shown if table.before != table.after]
    width = max((len(table.label) for table in shown), default=0)
    lines = []
    for table in shown:
        before = f"about {_rows(table.before)}" if table.estimated else _rows(table.before)
        lines.append(f"{table.label:<{width}}  {before:>12} -> {_rows(table.after):>12}")
    rest = len(tables) - len(shown)
    if rest:
        lines.append(f"and {counted(rest, 'table')} with as many rows as before")
    return lines


def counted(number: int, noun: str) -> str:
    """Tell how many there are, in the singular where it is one."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _rows(count: int | None) -> str:
    return "-" if count is None else f"{count:,}"


@for_people
def restore_line(report: RestoreReport) -> str:
    """Sum up a restore that was done, and say where the old state is."""
    checked = {"counts": "row counts", "full": "row counts and fingerprints"}.get(report.verified, report.verified)
    done = (
        f"Restored {report.backup} into {report.database!r}: {counted(report.tables, 'table')}, "
        f"{counted(report.rows, 'row')}, "
        f"{checked} compared, {report.seconds:.1f} s."
    )
    if report.kept is not None:
        return f"{done}\nThe old database is kept as {kept_database(report.kept)}; {WAYS_BACK}."
    if report.safety_backup is None:
        return f"{done}\nThe state before it was not kept."
    return f"{done}\nThe state before it is in {report.safety_backup}."


def kept_database(kept: KeptDatabase) -> str:
    """Name a database that was put aside, with its size where that is known."""
    return kept.name if kept.size is None else f"{kept.name} ({size(kept.size)})"


@for_people
def listing(backups: Sequence[Backup], now: datetime) -> str:
    """Give a table of backups."""
    # Who has one place only need not be told which.
    is_spread = any(backup.locations != (LOCAL,) for backup in backups)
    where = ("WHERE",) if is_spread else ()
    header = ("NAME", "KIND", "AGE", "SIZE", "ROWS", "ENGINE", "DJANGO", *where, "STATE")
    rows: list[tuple[str, ...]] = [header]
    for backup in backups:
        created = age(backup.created, now) if backup.created else "?"
        about = (backup.name, backup.kind or "?", created, size(backup.stored_size))
        where = (", ".join(backup.locations),) if is_spread else ()
        if not backup.id:
            rows.append((*about, "?", "?", "?", *where, validity(backup, now)))
            continue
        django = f"{backup.django or '?'}, {backup.migrations} migrations"
        engine = f"{ENGINES.get(backup.engine, backup.engine)} {backup.server_version.partition(' ')[0]}"
        rows.append((*about, f"{backup.rows:,}", engine, django, *where, validity(backup, now)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def validity(backup: Backup, now: datetime) -> str:
    """Tell what is known about a backup's health, and whether it is pinned."""
    if backup.problem:
        state = f"BAD: {backup.problem}"
    elif backup.verified_at is None:
        state = "not validated"
    else:
        state = f"{'good' if backup.verified_ok else 'BAD'} ({backup.verified_how} {ago(backup.verified_at, now)})"
    first, *others = backup.lacks or ("",)
    also = {
        "dated in the future": backup.is_of_the_future,
        f"lacks {first}": first,
        f"and of {len(others)} more": others,
        "a check of the project is not content": backup.objections,
        "pinned": backup.pinned,
    }
    return ", ".join([state, *(text for text, holds in also.items() if holds)])


@for_people
def detail(backup: Backup, now: datetime) -> str:
    """Tell everything about one backup."""
    facts = {
        "file": str(backup.path or backup.name),
        "where": ", ".join(backup.locations),
        "id": backup.id,
        "database": f"{backup.alias} ({ENGINES.get(backup.engine, backup.engine)} {backup.server_version})",
        "kind": backup.kind,
        "created": f"{backup.created} ({age(backup.created, now)})" if backup.created else "?",
        "size": f"{size(backup.stored_size)} (raw {size(backup.raw_size)})",
        "rows": f"{backup.rows:,}",
        "Django": f"{backup.django or '?'}, {backup.migrations} migrations",
        "state": validity(backup, now),
    }
    lines = [f"{name + ':':<10} {value}" for name, value in facts.items()]
    lines += _section("A check of the project is not content with the data:", backup.objections)
    lines += _section("Not in it:", backup.lacks)
    return "\n".join(lines + _section("Rows per model, then tables without a model:", _contents(backup)))


def _contents(backup: Backup) -> list[str]:
    tables = dict(backup.tables or {})
    by_name = {label.rpartition(".")[2]: label for label in tables}
    entries = []
    for label, table in sorted((backup.models or {}).items()):
        found = table if table in tables else by_name.get(table)
        if found in tables:
            entries.append((label, tables.pop(found)))
    entries += sorted(tables.items())
    width = max((len(name) for name, _ in entries), default=0)
    return [f"{name:<{width}}  {_rows(count):>12}" for name, count in entries]


@for_people
def validation(report: ValidationReport) -> str:
    """Give the verdict on a backup, with everything that was found."""
    how = "restored and compared" if report.deep else "looked at, not read" if report.quick else "read whole"
    name = in_store(report.location, report.name)
    lines = [f"{name}: {'good' if report.ok else 'BAD'} ({how}, {report.seconds:.1f} s)"]
    lines += [f"   problem: {problem}" for problem in report.problems]
    lines += [f"   warning: {warning}" for warning in report.warnings]
    lines += [f"   {OBJECTION}: {objection}" for objection in report.objections]
    return "\n".join(lines)


@for_people
def synchronization(report: SyncReport, *, done: bool) -> str:
    """Tell what was copied, or would be, and what was not."""
    lines = [
        f"{'copied' if done else 'copy'}  {step.name}  {step.source} -> {step.target}  {size(step.size)}"
        for step in report.copied
    ]
    lines += [
        f"LEFT  {step.name}  {step.source} -> {step.target}  {step.action}: {step.reason}" for step in report.left
    ]
    lines += [
        f"LEFT  the store {missing.store} could not be asked: {missing.message}" for missing in report.unreachable
    ]
    lines.append(
        f"{len(report.copied)} {'copied' if done else 'to copy'}, {report.same} there already, {len(report.left)} left."
    )
    return "\n".join(lines)


def in_store(location: str, name: str) -> str:
    """Name a backup, and its place where that is not this machine."""
    return name if location == LOCAL else f"{location}: {name}"


@for_people
def finding(subject: str, detail: str, hint: str | None, *, ok: bool, doubtful: bool = False) -> str:
    """Tell of one thing whether it is as it has to be."""
    verdict = "FAILED" if not ok else "doubt " if doubtful else "ok    "
    line = f"{verdict}  {subject}: {detail}"
    return f"{line}\n        {hint}" if hint and (doubtful or not ok) else line
