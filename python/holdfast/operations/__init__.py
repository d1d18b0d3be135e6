"""What Holdfast does; the only place that calls the Rust core."""

from holdfast.operations.assessment import status
from holdfast.operations.catalog import cleanup, find_backup, list_backups, pin, plan_cleanup, unpin
from holdfast.operations.creation import backup
from holdfast.operations.probing import probe
from holdfast.operations.putting_aside import drop_old_databases, kept_databases, plan_undo, undo_restore
from holdfast.operations.restoration import plan_restore, restore
from holdfast.operations.validation import validate

__all__ = [
    "backup",
    "cleanup",
    "drop_old_databases",
    "find_backup",
    "kept_databases",
    "list_backups",
    "pin",
    "plan_cleanup",
    "plan_restore",
    "plan_undo",
    "probe",
    "restore",
    "status",
    "undo_restore",
    "unpin",
    "validate",
]
