"""Signals around backups and restores.

They are sent with `send_robust`: an exception in a receiver is logged and stops nothing. The sender is
`holdfast.apps.HoldfastConfig`. Arguments by name:

* `backup_started`: `alias`, `kind`
* `backup_finished`: `alias`, `kind`, `report` (`holdfast.Report`)
* `backup_failed`: `alias`, `kind`, `error`
* `restore_started`: `alias`, `backup` (the file's name)
* `restore_finished`: `alias`, `backup`, `report` (`holdfast.RestoreReport`)
* `restore_failed`: `alias`, `backup`, `error`
* `migration_judged`: `alias`, `plan` (`holdfast.MigrationPlan`), `verdict` (`holdfast.Verdict`): whether `migrate`
  makes a backup first, and why

Whoever uses the database in a receiver of `restore_*` sees it as it is after the restore, or as it was before it.
"""

from django.dispatch import Signal

backup_started = Signal()
backup_finished = Signal()
backup_failed = Signal()
restore_started = Signal()
restore_finished = Signal()
restore_failed = Signal()
migration_judged = Signal()
