"""What somebody has to know: the events, and one alarm."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self
from uuid import uuid4

from holdfast.document import Document

Severity = Literal["info", "warning", "error"]
Fact = str | int | float | None

EVENTS: Mapping[str, Severity] = {
    "backup_failed": "error",
    "recovered": "info",
    "too_old": "error",
    "changed": "warning",
    "too_slow": "warning",
    "upload_missing": "error",
    "drill_failed": "error",
    "check_failed": "warning",
    "restore_done": "info",
    "disk_nearly_full": "warning",
}
# What happens and is over; everything else lasts until it has recovered.
NEWS = frozenset({"restore_done"})


@dataclass(frozen=True)
class Alarm(Document):
    """One message; alarms with the same key are about the same trouble."""

    event: str
    key: str
    title: str
    text: str
    at: str
    # None where it is about the folder and not about one database.
    alias: str | None = None
    kind: str | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)
    host: str = field(default_factory=socket.gethostname)
    # A retry sends the same number again, so that a receiver can tell it from a second alarm.
    id: str = field(default_factory=lambda: uuid4().hex)

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return EVENTS.get(self.event, "info")

    def as_dict(self) -> dict[str, Any]:
        """Give everything, the severity too."""
        return {**super().as_dict(), "severity": self.severity}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Read what `as_dict` gave."""
        return cls(**{name: value for name, value in document.items() if name != "severity"})
