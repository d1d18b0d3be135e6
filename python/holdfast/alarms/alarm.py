"""What somebody has to know: the events, and one alarm."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, Self
from uuid import uuid4

from holdfast.document import Document
from holdfast.sound import is_moment, is_text

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
    def is_sound(cls, document: object) -> bool:
        """Tell whether `from_dict` can read it, and whether others can work with what it gives."""
        if not isinstance(document, dict):
            return False
        names = {part.name for part in fields(cls)}
        facts = document.get("facts")
        return (
            document.keys() == names | {"severity"}
            and all(is_text(document[name]) for name in names - {"alias", "kind", "facts"})
            and all(document[name] is None or is_text(document[name]) for name in ("alias", "kind"))
            and is_moment(document["at"])
            and isinstance(facts, dict)
            and all(value is None or isinstance(value, str | int | float) for value in facts.values())
        )

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Read what `as_dict` gave."""
        return cls(**{name: value for name, value in document.items() if name != "severity"})
