"""What Holdfast does; the only place that calls the Rust core."""

from holdfast.operations.catalog import cleanup, find_backup, list_backups, pin, plan_cleanup, unpin
from holdfast.operations.creation import backup
from holdfast.operations.restoration import plan_restore, restore
from holdfast.operations.validation import validate

__all__ = [
    "backup",
    "cleanup",
    "find_backup",
    "list_backups",
    "pin",
    "plan_cleanup",
    "plan_restore",
    "restore",
    "unpin",
    "validate",
]
