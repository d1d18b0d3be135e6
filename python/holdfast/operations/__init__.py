"""What Holdfast does; the only place that calls the Rust core."""

from holdfast.operations.assessment import status
from holdfast.operations.catalog import cleanup, find_backup, link, list_backups, plan_cleanup
from holdfast.operations.creation import backup
from holdfast.operations.pinning import pin, unpin
from holdfast.operations.probing import probe
from holdfast.operations.putting_aside import drop_old_databases, kept_databases, plan_undo, undo_restore
from holdfast.operations.remains import find_remains, remove_remains
from holdfast.operations.removal import plan_removal, remove
from holdfast.operations.repetition import discard_repetition
from holdfast.operations.restoration import plan_restore, restore
from holdfast.operations.session import folder_lock, store_lease
from holdfast.operations.synchronization import download, plan_sync, sync
from holdfast.operations.validation import validate

__all__ = [
    "backup",
    "cleanup",
    "discard_repetition",
    "download",
    "drop_old_databases",
    "find_backup",
    "find_remains",
    "folder_lock",
    "kept_databases",
    "link",
    "list_backups",
    "pin",
    "plan_cleanup",
    "plan_removal",
    "plan_restore",
    "plan_sync",
    "plan_undo",
    "probe",
    "remove",
    "remove_remains",
    "restore",
    "status",
    "store_lease",
    "sync",
    "undo_restore",
    "unpin",
    "validate",
]
