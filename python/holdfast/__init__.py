"""Backups of Django databases that restore, exactly, every time.

>>> import holdfast
>>> report = holdfast.backup("default", kind="daily")  # doctest: +SKIP
>>> holdfast.validate(report.name).ok  # doctest: +SKIP
True

Importing this package costs next to nothing: everything below is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from holdfast.condition import Status
    from holdfast.inventory import Backup, Decision
    from holdfast.operations import (
        backup,
        cleanup,
        drop_old_databases,
        find_backup,
        kept_databases,
        list_backups,
        pin,
        plan_cleanup,
        plan_restore,
        plan_undo,
        restore,
        status,
        undo_restore,
        unpin,
        validate,
    )
    from holdfast.reports import KeptDatabase, Report, RestorePreview, RestoreReport, UndoReport, ValidationReport
    from holdfast.retention import Retention

    __version__: str

__all__ = [
    "Backup",
    "Decision",
    "KeptDatabase",
    "Report",
    "RestorePreview",
    "RestoreReport",
    "Retention",
    "Status",
    "UndoReport",
    "ValidationReport",
    "__version__",
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
    "restore",
    "status",
    "undo_restore",
    "unpin",
    "validate",
]

_HOMES = {
    "Backup": "holdfast.inventory",
    "Decision": "holdfast.inventory",
    "KeptDatabase": "holdfast.reports",
    "Report": "holdfast.reports",
    "RestorePreview": "holdfast.reports",
    "RestoreReport": "holdfast.reports",
    "Retention": "holdfast.retention",
    "Status": "holdfast.condition",
    "UndoReport": "holdfast.reports",
    "ValidationReport": "holdfast.reports",
    # The number stands in Cargo.toml alone.
    "__version__": "holdfast._core",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used."""
    if name not in __all__:
        raise AttributeError(f"module 'holdfast' has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "holdfast.operations")), name)
