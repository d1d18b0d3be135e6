"""How much room the schedule comes to need, with what retention will remove meanwhile."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from holdfast import clock, databases
from holdfast.conf import Configuration
from holdfast.inventory import Backup
from holdfast.operations.judgement import judge
from holdfast.retention import Retention

# So long retention keeps what is recent finely graded: after that the folder grows no more than the rules say.
_AHEAD = timedelta(days=2)
# Between two runs of the clean-up, as if it ran this seldom: kinds may be made every minute.
_BETWEEN = timedelta(hours=1)


def growth(configuration: Configuration, backups: Sequence[Backup], now: datetime) -> int:
    """Give by how many bytes the folder will have grown when it is fullest in the next two days.

    `backups` are those in it. Each new backup is taken to be as large as the newest good one of its database.
    """
    usual = {backup.alias: backup.stored_size for backup in reversed(backups) if backup.stands_for_database}
    held = {backup.name: backup.stored_size for backup in backups}
    candidates = [_candidate(backup) for backup in backups if backup.alias and backup.created]
    begun = most = filled = sum(held.values())
    cleaned = now
    for moment, alias, kind in _coming(configuration, now):
        name = f"{alias}_{kind}_{clock.utc_text(moment)}"
        held[name] = usual.get(alias, 0)
        filled += held[name]
        candidates.append(_made(name, alias, kind, moment))
        most = max(most, filled)
        if moment - cleaned >= _BETWEEN:
            cleaned = moment
            gone = _removed(configuration, candidates, configuration.retention, moment)
            candidates = [candidate for candidate in candidates if candidate["name"] not in gone]
            filled -= sum(held.pop(name) for name in gone)
    return most - begun


def _removed(
    configuration: Configuration, candidates: Sequence[dict[str, Any]], rules: Retention, moment: datetime
) -> set[str]:
    if rules.is_empty:
        # The clean-up refuses to run by it.
        return set()
    return {decision.name for decision in judge(configuration, candidates, rules, moment) if not decision.keep}


def _coming(configuration: Configuration, now: datetime) -> Iterator[tuple[datetime, str, str]]:
    """Give every backup that the schedule will make, in the order of time."""
    order = databases.all_aliases(configuration.databases)
    coming = []
    for entry in configuration.schedule.backups:
        moment = entry.times.following(now)
        while moment <= now + _AHEAD:
            coming += [(moment, alias, entry.kind) for alias in entry.databases or order]
            moment = entry.times.following(moment)
    yield from sorted(coming)


def _candidate(backup: Backup) -> dict[str, Any]:
    return {
        "name": backup.name,
        "alias": backup.alias,
        "kind": backup.kind,
        "created": backup.created,
        "good": backup.problem is None and backup.verified_ok is not False,
        "late": False,
        "lacks": backup.lacks,
        "pinned": backup.pinned,
    }


def _made(name: str, alias: str, kind: str, moment: datetime) -> dict[str, Any]:
    about = {"name": name, "alias": alias, "kind": kind, "created": clock.utc_text(moment)}
    return {**about, "good": True, "late": False, "lacks": (), "pinned": None}
