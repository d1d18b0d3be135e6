"""Decides whether there is a copy that is young enough, here and in every store; pure functions as in `judging`."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from holdfast.alarms.alarm import Alarm, Fact
from holdfast.alarms.judging import said
from holdfast.clock import utc_text
from holdfast.condition import Aging
from holdfast.inventory import Backup
from holdfast.operations.ages import aging, is_good
from holdfast.rendering import span
from holdfast.reports import Report
from holdfast.targets import Targets
from holdfast.visible import visible


def fresh(report: Report, targets: Targets, now: datetime) -> Iterable[Alarm]:
    """Tell which targets a backup meets that was just made."""
    for target in targets.of(report.alias):
        if target.kind in (None, report.kind):
            met = Aging(target.kind, report.name, 0.0, target.max_age.total_seconds(), too_old=False)
            yield _of_age(report.alias, met, now)


def ages(backups: Sequence[Backup], targets: Targets, now: datetime) -> Iterable[Alarm]:
    """Compare the newest good backups with how old they may become."""
    for alias, of_alias in targets.by_alias.items():
        good = [backup for backup in backups if backup.alias == alias and is_good(backup)]
        for target in of_alias:
            yield _of_age(alias, aging(target, good, now), now)


def _of_age(alias: str, found: Aging, now: datetime) -> Alarm:
    key = f"too_old:{alias}:{found.kind or 'any'}"
    what = f"{found.kind} backup of {alias}" if found.kind else f"backup of {alias}"
    facts: dict[str, Fact] = {
        "last_good": found.backup,
        "age_seconds": round(found.age_seconds) if found.age_seconds is not None else None,
        "max_age_seconds": round(found.max_age_seconds),
    }
    if not found.too_old:
        title, text = f"The newest {what} is young enough again", f"It is {found.backup}."
        return Alarm("recovered", key, title, text, utc_text(now), alias, found.kind, facts)
    title = f"The newest {what} is too old" if found.backup else f"There is no good {what}"
    text = f"It may be {span(found.max_age_seconds)} old"
    if found.backup is not None and found.age_seconds is not None:
        text += f", and is {span(found.age_seconds)} old: {found.backup}"
    text += ".\nLook whether the schedule runs, and at manage.py backup_status."
    return Alarm("too_old", key, title, text, utc_text(now), alias, found.kind, facts)


def not_uploaded(report: Report, now: datetime) -> Iterable[Alarm]:
    """Tell of the stores that should have got a backup and have not."""
    for missing in report.missing:
        text = f"{report.name} is not in {missing.store}: {visible(missing.message)}"
        text += "\nThe backup itself stands. Bring it there: manage.py sync_backups"
        yield _upload(report.alias, missing.store, text, now, report.name)


def uploads(
    store: str, there: Sequence[Backup], here: Sequence[Backup], targets: Targets, now: datetime
) -> Iterable[Alarm]:
    """Compare what a store has with what is here: the newest is there too, or its own newest is young enough."""
    names = {backup.name for backup in there if is_good(backup)}
    for alias in sorted({backup.alias for backup in here if backup.alias}):
        newest = next((backup for backup in here if backup.alias == alias and is_good(backup)), None)
        if newest is None or newest.name in names:
            title, text = f"Uploads of {alias} to {store} work again", f"{store} has the newest backup."
            yield Alarm("recovered", _upload_key(alias, store), title, text, utc_text(now), alias)
            continue
        good = [backup for backup in there if backup.alias == alias and is_good(backup)]
        late = next((age for target in targets.of(alias) if (age := aging(target, good, now)).too_old), None)
        if late is not None:
            has = f"The newest that it has is {late.backup}." if late.backup else "It has none."
            text = f"{store} has no copy of {alias} that is as young as it has to be. {has}"
            text += f"\n{newest.name} is here. Bring it there: manage.py sync_backups"
            yield _upload(alias, store, text, now, newest.name)


def unreachable(store: str, error: BaseException, now: datetime) -> Alarm:
    """Tell that nobody knows what a store has."""
    text = f"{store} could not be asked for its backups: {said(error)}\nTry it: manage.py check_backups"
    return Alarm("upload_missing", f"unreachable:{store}", f"{store} does not answer", text, utc_text(now))


def reachable(store: str, now: datetime) -> Alarm:
    """Tell that a store answers."""
    return Alarm("recovered", f"unreachable:{store}", f"{store} answers again", "It has been asked.", utc_text(now))


def _upload(alias: str, store: str, text: str, now: datetime, backup: str) -> Alarm:
    title = f"{store} lacks a backup of {alias}"
    facts: dict[str, Fact] = {"backup": backup, "store": store}
    return Alarm("upload_missing", _upload_key(alias, store), title, text, utc_text(now), alias, facts=facts)


def _upload_key(alias: str, store: str) -> str:
    return f"upload_missing:{alias}:{store}"
