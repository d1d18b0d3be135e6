"""Says how it stands with the backups: by listing the folder and asking the history, without reading a backup."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from holdfast import clock, conf, databases, history, room, schedule
from holdfast.condition import Aging, Condition, Proof, Status
from holdfast.history import Run
from holdfast.inventory import Backup
from holdfast.operations.ages import age_seconds, aging, is_good
from holdfast.operations.catalog import list_backups
from holdfast.operations.session import own_errors
from holdfast.progress import NoticeBoard
from holdfast.rendering import ago, span
from holdfast.targets import Target

# Some days of hourly backups of many databases.
_RUNS = 1000


def status() -> tuple[Status, ...]:
    """Give the status of each database that is backed up, in the order of the setting."""
    configuration = conf.load()
    board = NoticeBoard(None)
    backups = list_backups(on_event=board)
    with own_errors():
        known = _Known(
            backups=backups,
            attempts=history.runs(operation="backup", limit=_RUNS),
            drills=history.runs(operation="drill", limit=_RUNS),
            restores=history.runs(operation="restore", limit=_RUNS),
            notices=board.notices,
            free_bytes=room.free_bytes(configuration.directory),
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
            # One that somebody stopped, or that made no sense, has found out nothing.
            drills=[run for run in self.drills if run.alias == alias and run.result not in {"cancelled", "refused"}],
        )


def _assess(known: _Known, alias: str, wanted: Iterable[Target]) -> Status:
    now = clock.now()
    good = [backup for backup in known.backups if is_good(backup)]
    newest = good[0] if good else None
    made = next((run for run in known.attempts if newest and _made(run, newest)), None)
    targets = tuple(aging(target, good, now) for target in wanted)
    since = _attempts_since(newest, known.attempts)
    failures = [run for index, run in enumerate(since) if run.result == "failed" or _was_killed(run, since[:index])]
    worst = list(_critical(newest, targets))
    doubts = [
        *_not_everywhere(newest, made),
        *_failed(failures, now),
        *_unproven(known, now),
        *_of_the_future(known.backups),
        *known.notices,
    ]
    condition: Condition = "critical" if worst else "warning" if doubts else "ok"
    return Status(
        alias=alias,
        condition=condition,
        reasons=(*worst, *doubts),
        backup=newest.name if newest else None,
        kind=newest.kind if newest else None,
        created=newest.created if newest else None,
        age_seconds=age_seconds(newest, None, good, now) if newest else None,
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
        next_due=_next_due(alias, known.backups),
        free_bytes=known.free_bytes,
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
        why = failures[0].error or "it was killed"
        yield f"the backup failed{times} since: {why} ({ago(failures[0].started, now)})"


def _unproven(known: _Known, now: datetime) -> Iterable[str]:
    if known.drills and known.drills[0].result == "failed":
        yield f"the last restore drill failed: {known.drills[0].error} ({ago(known.drills[0].started, now)})"
    elif known.drills and known.drills[0].error:
        yield f"of the last restore drill: {known.drills[0].error} ({ago(known.drills[0].started, now)})"
    bad = [backup.name for backup in known.backups if backup.problem or backup.verified_ok is False]
    if bad:
        yield f"{len(bad)} of the backups cannot be restored; the newest of these is {bad[0]}"


def _of_the_future(backups: Sequence[Backup]) -> Iterable[str]:
    names = [backup.name for backup in backups if backup.is_of_the_future]
    if names:
        count = f"{len(names)} backups are" if len(names) > 1 else "a backup is"
        yield f"{count} dated in the future and counted for nothing: {names[0]}; a clock was wrong, or is"


def _proof(known: _Known) -> Proof | None:
    bad = {backup.name for backup in known.backups if backup.problem or backup.verified_ok is False}
    # What was proven outlives the file: cleanup takes the backup in its time, and what is known of restores stays true.
    proofs = [
        Proof(run.backup, run.finished, "drill", run.seconds)
        for run in known.drills
        if run.result == "done" and run.finished and run.backup not in bad
    ]
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


def _was_killed(run: Run, later: Iterable[Run]) -> bool:
    # The lock lets no second one begin on this machine while the first is alive.
    return run.result == "started" and any(other.host == run.host for other in later)


def _made(run: Run, backup: Backup) -> bool:
    return run.backup == backup.name and run.result in {"done", "partly"}


def _next_due(alias: str, backups: Sequence[Backup]) -> str | None:
    moment = schedule.next_due(alias, backups)
    return clock.utc_text(moment) if moment else None
