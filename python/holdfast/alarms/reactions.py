"""What each signal means to those who want to know; one function for each, of the signal's name."""

from collections.abc import Iterable, Sequence

from holdfast import clock, operations
from holdfast.alarms import judging, judging_copies, judging_drills, pace, reviewing
from holdfast.alarms.alarm import Alarm
from holdfast.alarms.delivery import dispatch
from holdfast.alarms.heartbeat import Beat, ping_all
from holdfast.conf import Configuration
from holdfast.exceptions import HoldfastError, InvalidBackup
from holdfast.inventory import Backup
from holdfast.reports import Report, RestoreReport, ValidationReport
from holdfast.stores import LOCAL
from holdfast.trouble import is_trouble


def backup_started(configuration: Configuration, alias: str, kind: str) -> None:
    """Ping, and watch how long it takes."""
    pace.begin(configuration, alias, kind)
    ping_all(configuration, Beat(alias, kind, "start", f"The {kind} backup of {alias} begins."))


def backup_finished(configuration: Configuration, alias: str, kind: str, report: Report) -> None:
    """End the alarms that a good backup ends, and look at what it is like."""
    now, took = clock.now(), pace.end(alias)

    def found() -> Iterable[Alarm]:
        yield judging.succeeded(report, now)
        yield pace.judge(configuration, alias, kind, took, now)
        yield from judging_copies.fresh(report, configuration.max_age, now)
        yield from judging_copies.not_uploaded(report, now)
        yield from reviewing.near(configuration, now)

    known = dispatch(configuration, found)
    text = f"{report.name} was made in {report.seconds:.1f} s."
    ping_all(configuration, Beat(alias, kind, "success", text), known)


def backup_failed(configuration: Configuration, alias: str, kind: str, error: BaseException) -> None:
    """Tell it, unless somebody merely stopped it, or has mistyped."""
    pace.end(alias)
    if not is_trouble(error):
        return
    now = clock.now()
    dispatch(configuration, lambda: [judging.failed(alias, kind, error, _backups(), now)])
    text = f"The {kind} backup of {alias} failed: {judging.said(error)}"
    ping_all(configuration, Beat(alias, kind, "fail", text))


def drill_finished(configuration: Configuration, alias: str, backup: str, report: ValidationReport) -> None:
    """End the alarms that a drill ends."""
    del report
    now = clock.now()

    def found() -> Iterable[Alarm]:
        yield judging_drills.drill_passed(alias, backup, now)
        yield from reviewing.near(configuration, now)

    dispatch(configuration, found)


def drill_failed(configuration: Configuration, alias: str, backup: str, error: BaseException) -> None:
    """Tell it; what the drill has found out about the backup stands beside it, and is seen by the review."""
    if not is_trouble(error):
        return
    now = clock.now()
    if isinstance(error, InvalidBackup):
        dispatch(configuration, lambda: reviewing.near(configuration, now))
    else:
        dispatch(configuration, lambda: [judging_drills.drill_failed(alias, backup, error, now)])


def restore_finished(configuration: Configuration, alias: str, backup: str, report: RestoreReport) -> None:
    """Tell it: whoever did not restore it should know."""
    del alias, backup
    now = clock.now()
    dispatch(configuration, lambda: [judging.restored(report, now)])


def _backups() -> Sequence[Backup]:
    try:
        return operations.list_backups(location=LOCAL)
    except HoldfastError:
        # A folder that cannot be read may be why the backup failed: that has to be told all the same.
        return ()
