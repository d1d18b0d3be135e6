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
        download,
        drop_old_databases,
        find_backup,
        kept_databases,
        link,
        list_backups,
        pin,
        plan_cleanup,
        plan_restore,
        plan_sync,
        plan_undo,
        probe,
        restore,
        status,
        sync,
        undo_restore,
        unpin,
        validate,
    )
    from holdfast.premigration.guarded import migrate_safely
    from holdfast.premigration.plan import MigrationPlan
    from holdfast.premigration.policy import Verdict
    from holdfast.premigration.rollback import RollbackPreview, plan_rollback, rollback_migration
    from holdfast.reports import (
        KeptDatabase,
        Probe,
        Report,
        RestorePreview,
        RestoreReport,
        SyncReport,
        UndoReport,
        ValidationReport,
    )
    from holdfast.retention import Retention

    __version__: str

__all__ = [
    "Backup",
    "Decision",
    "KeptDatabase",
    "MigrationPlan",
    "Probe",
    "Report",
    "RestorePreview",
    "RestoreReport",
    "Retention",
    "RollbackPreview",
    "Status",
    "SyncReport",
    "UndoReport",
    "ValidationReport",
    "Verdict",
    "__version__",
    "backup",
    "cleanup",
    "download",
    "drop_old_databases",
    "find_backup",
    "kept_databases",
    "link",
    "list_backups",
    "migrate_safely",
    "pin",
    "plan_cleanup",
    "plan_restore",
    "plan_rollback",
    "plan_sync",
    "plan_undo",
    "probe",
    "restore",
    "rollback_migration",
    "status",
    "sync",
    "undo_restore",
    "unpin",
    "validate",
]

_HOMES = {
    "Backup": "holdfast.inventory",
    "Decision": "holdfast.inventory",
    "KeptDatabase": "holdfast.reports",
    "MigrationPlan": "holdfast.premigration.plan",
    "Probe": "holdfast.reports",
    "Report": "holdfast.reports",
    "RestorePreview": "holdfast.reports",
    "RestoreReport": "holdfast.reports",
    "Retention": "holdfast.retention",
    "RollbackPreview": "holdfast.premigration.rollback",
    "Status": "holdfast.condition",
    "SyncReport": "holdfast.reports",
    "UndoReport": "holdfast.reports",
    "ValidationReport": "holdfast.reports",
    "Verdict": "holdfast.premigration.policy",
    "migrate_safely": "holdfast.premigration.guarded",
    "plan_rollback": "holdfast.premigration.rollback",
    "rollback_migration": "holdfast.premigration.rollback",
    # The number stands in Cargo.toml alone.
    "__version__": "holdfast._core",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used."""
    if name not in __all__:
        raise AttributeError(f"module 'holdfast' has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "holdfast.operations")), name)
