"""Says how it stands with the backups: by listing the folder and asking the history, without reading a backup."""

import math
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from holdfast import clock, conf, databases, history, schedule
from holdfast.condition import Aging, Condition, Proof, Status
from holdfast.conf import Configuration
from holdfast.history import Run
from holdfast.inventory import Backup
from holdfast.operations.catalog import list_backups
from holdfast.operations.session import own_errors
from holdfast.plans import CREATED_FORMAT
from holdfast.progress import NoticeBoard
from holdfast.rendering import ago, span
from holdfast.targets import Target

# Made by a restore of what it overwrites: the state that was not wanted.
_SAFETY = "pre-restore"


def status() -> tuple[Status, ...]:
    """Give the status of each database that is backed up, in the order of the setting."""
    configuration = conf.load()
    board = NoticeBoard(None)
    backups = list_backups(on_event=board)
    with own_errors():
        known = _Known(
            backups=backups,
            attempts=history.runs(operation="backup"),
            drills=history.runs(operation="drill"),
            restores=history.runs(operation="restore"),
            notices=board.notices,
            free_bytes=_free_bytes(configuration),
        )
    return tuple(
        _assess(known.about(alias), alias, configuration.max_age.of(alias))
        for alias in databases.all_aliases(configuration.databases)
    )


@dataclass(frozen=True)
class _Known:
    """All that there is to judge by, the newest first."""

    backups: Sequence[Backup]
    attempts: Sequence[Run]
    drills: Sequence[Run]
    restores: Sequence[Run]
    # Of stores that could not be asked.
    notices: Sequence[str]
    free_bytes: int

    def about(self, alias: str) -> Self:
        """Give what is about one database."""
        return replace(
            self,
            backups=[backup for backup in self.backups if backup.alias == alias],
            attempts=[run for run in self.attempts if run.alias == alias],
            drills=[run for run in self.drills if run.alias == alias],
        )


def _assess(known: _Known, alias: str, wanted: Iterable[Target]) -> Status:
    now = clock.now()
    good = [backup for backup in known.backups if is_good(backup)]
    newest = good[0] if good else None
    made = next((run for run in known.attempts if newest and run.backup == newest.name), None)
    targets = tuple(aging(target, good, now) for target in wanted)
    failures = [run for run in _attempts_since(newest, known.attempts) if run.result == "failed"]
    worst = list(_critical(newest, targets))
    doubts = [*_not_everywhere(newest, made), *_failed(failures, now), *_unproven(known, now), *known.notices]
    condition: Condition = "critical" if worst else "warning" if doubts else "ok"
    return Status(
        alias=alias,
        condition=condition,
        reasons=(*worst, *doubts),
        backup=newest.name if newest else None,
        kind=newest.kind if newest else None,
        created=newest.created if newest else None,
        age_seconds=_age_seconds(newest, now) if newest else None,
        rows=newest.rows if newest else None,
        stored_size=newest.stored_size if newest else None,
        raw_size=newest.raw_size if newest else None,
        seconds=made.seconds if made else None,
        locations=newest.locations if newest else (),
        targets=targets,
        too_old=any(target.too_old for target in targets),
        proven=_proof(known),
        last_drill=known.drills[0] if known.drills else None,
        last_failure=failures[0] if failures else None,
        failures=len(failures),
        next_due=_next_due(alias),
        free_bytes=known.free_bytes,
    )


def is_good(backup: Backup) -> bool:
    """Tell whether a backup is one to rely on: it has rows, is not known to be bad, and is no safety backup."""
    whole = backup.problem is None and backup.content == "full" and backup.verified_ok is not False
    return whole and backup.kind != _SAFETY


def aging(target: Target, good: Iterable[Backup], now: datetime) -> Aging:
    """Compare the newest of the good backups of a database with one of its targets."""
    newest = next((backup for backup in good if target.kind in (None, backup.kind)), None)
    # Where a newer one was found to be equal, this one stands for the state of that moment.
    known = schedule.last_good(newest.alias, target.kind) if newest else None
    seconds = None
    if newest is not None:
        seconds = min(_age_seconds(newest, now), (now - known) / timedelta(seconds=1) if known else math.inf)
    limit = target.max_age.total_seconds()
    return Aging(
        kind=target.kind,
        backup=newest.name if newest else None,
        age_seconds=seconds,
        max_age_seconds=limit,
        too_old=seconds is None or seconds > limit,
    )


def _critical(newest: Backup | None, targets: Iterable[Aging]) -> Iterable[str]:
    if newest is None:
        yield "there is no good backup"
        return
    for target in targets:
        which = f"{target.kind} backup" if target.kind else "backup"
        if target.age_seconds is None:
            yield f"there is no good {which}"
        elif target.too_old:
            old, most = span(target.age_seconds), span(target.max_age_seconds)
            yield f"the newest good {which} is {old} old, and may be {most} old at most"


def _not_everywhere(newest: Backup | None, made: Run | None) -> Iterable[str]:
    # A copy that failed may have been made up for since.
    if newest and made and made.result == "partly" and len(newest.locations) <= len(made.location.split(",")):
        yield f"the newest good backup is not everywhere: {made.error}"


def _failed(failures: Sequence[Run], now: datetime) -> Iterable[str]:
    if failures:
        times = f" {len(failures)} times" if len(failures) > 1 else ""
        yield f"the backup failed{times} since: {failures[0].error} ({ago(failures[0].started, now)})"


def _unproven(known: _Known, now: datetime) -> Iterable[str]:
    if known.drills and known.drills[0].result == "failed":
        yield f"the last restore drill failed: {known.drills[0].error} ({ago(known.drills[0].started, now)})"
    bad = [backup.name for backup in known.backups if backup.problem or backup.verified_ok is False]
    if bad:
        yield f"{len(bad)} of the backups cannot be restored; the newest of these is {bad[0]}"


def _proof(known: _Known) -> Proof | None:
    proofs = []
    for backup in known.backups:
        drills = [run for run in known.drills if (run.backup, run.result) == (backup.name, "done")]
        if backup.proven_at:
            # Beside the backup stands the second, and not how long it took.
            at, seconds = (drills[0].finished, drills[0].seconds) if drills else (None, None)
            proofs.append(Proof(backup.name, at or backup.proven_at, "drill", seconds))
        # Fewer rows than it has were a part of it.
        proofs += [
            Proof(backup.name, run.finished, "restore", run.seconds)
            for run in known.restores
            if run.finished and (run.backup, run.result, run.rows) == (backup.name, "done", backup.rows)
        ]
    return max(proofs, key=lambda proof: datetime.fromisoformat(proof.at), default=None)


def _attempts_since(newest: Backup | None, attempts: Sequence[Run]) -> Sequence[Run]:
    if newest is None:
        return attempts
    # Moments of backups go by the second, and so cannot tell what came first within one.
    made = [index for index, run in enumerate(attempts) if run.backup == newest.name]
    if made:
        return attempts[: made[0]]
    moment = datetime.fromisoformat(newest.created)
    return [run for run in attempts if datetime.fromisoformat(run.started) > moment]


def _age_seconds(backup: Backup, now: datetime) -> float:
    return (now - datetime.fromisoformat(backup.created)) / timedelta(seconds=1)


def _next_due(alias: str) -> str | None:
    moment = schedule.next_due(alias)
    return moment.strftime(CREATED_FORMAT) if moment else None


def _free_bytes(configuration: Configuration) -> int:
    directory = configuration.directory
    existing = next(folder for folder in (directory, *directory.parents) if folder.exists())
    return shutil.disk_usage(existing).free
