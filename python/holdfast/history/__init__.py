"""What was done, when, by whom, and how it ended.

The truth is in the audit log beside the backups; the table `holdfast_backuprun` is a copy that can be searched.

>>> from holdfast import history
>>> history.runs(operation="restore")  # doctest: +SKIP
()
"""

from holdfast.history.actor import acting_for
from holdfast.history.recording import describe, rebuild, recorded, runs
from holdfast.history.run import Operation, Result, Run
from holdfast.history.verification import AuditReport, check_audit

__all__ = [
    "AuditReport",
    "Operation",
    "Result",
    "Run",
    "acting_for",
    "check_audit",
    "describe",
    "rebuild",
    "recorded",
    "runs",
]
