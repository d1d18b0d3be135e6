"""Signals around backups, restores and drills.

They are sent with `tell`: an exception in a receiver is logged (`holdfast`) and stops nothing. The sender is
`holdfast.apps.HoldfastConfig`. Arguments by name:

* `backup_started`: `alias`, `kind`
* `backup_finished`: `alias`, `kind`, `report` (`holdfast.Report`)
* `backup_failed`: `alias`, `kind`, `error`
* `restore_started`: `alias`, `backup` (the file's name)
* `restore_finished`: `alias`, `backup`, `report` (`holdfast.RestoreReport`)
* `restore_failed`: `alias`, `backup`, `error`
* `migration_judged`: `alias`, `plan` (`holdfast.MigrationPlan`), `verdict` (`holdfast.Verdict`): whether `migrate`
  makes a backup first, and why
* `drill_started`: `alias`, `backup`
* `drill_finished`: `alias`, `backup`, `report` (`holdfast.ValidationReport`)
* `drill_failed`: `alias`, `backup`, `error`

Whoever uses the database in a receiver of `restore_*` sees it as it is after the restore, or as it was before it.
"""

from typing import Any

from django.dispatch import Signal as DjangoSignal

from holdfast.apps import HoldfastConfig
from holdfast.visible import logger_of

logger = logger_of("holdfast")


class Signal(DjangoSignal):
    """One of ours, whose failing receivers `tell` logs.

    The line that Django logs of them wants a `__qualname__`: a receiver that has none, as a `functools.partial`, would
    end the backup with an AttributeError.
    """

    def _log_robust_failure(self, receiver: object, err: Exception) -> None:
        del receiver, err


backup_started = Signal()
backup_finished = Signal()
backup_failed = Signal()
restore_started = Signal()
restore_finished = Signal()
restore_failed = Signal()
migration_judged = Signal()
drill_started = Signal()
drill_finished = Signal()
drill_failed = Signal()


def tell(signal: Signal, **about: Any) -> None:
    """Send a signal; a receiver that fails is logged, because a backup is worth more than whoever hears of it."""
    for receiver, result in signal.send_robust(HoldfastConfig, **about):
        if isinstance(result, Exception):
            name = next(name for name, value in globals().items() if value is signal)
            logger.error("the receiver %r of the signal %s failed", receiver, name, exc_info=result)
