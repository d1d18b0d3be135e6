"""One run of an operation: what it did, to what, for whom, and how it ended."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any, Literal, Self

from holdfast import clock
from holdfast.document import Document
from holdfast.sound import is_count, is_duration, is_moment, is_text

Operation = Literal[
    "backup", "restore", "undo", "drop-old", "rollback", "validation", "drill", "cleanup", "upload", "sync"
]
# A run that has "started" and says nothing more is running, or was killed.
# One that somebody stopped is "cancelled", one that made no sense is "refused": neither says anything of a database.
Result = Literal["started", "done", "failed", "partly", "skipped", "unchanged", "cancelled", "refused"]


def now() -> str:
    """Give this moment as runs hold it."""
    return told(clock.now())


def told(moment: datetime) -> str:
    """Tell a moment as runs hold it: RFC 3339, UTC.

    To the microsecond: a restore and the safety backup within it begin in one millisecond, and runs have an order.
    """
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


@dataclass
class Run(Document):
    """Filled in while the operation goes on; sizes are bytes, `started` and `finished` RFC 3339 in UTC."""

    id: str
    operation: Operation
    alias: str
    started: str
    kind: str = ""
    # The file's name.
    backup: str = ""
    # The stores that it is about, with a comma between them.
    location: str = ""
    result: Result = "started"
    finished: str | None = None
    seconds: float | None = None
    stored_size: int | None = None
    raw_size: int | None = None
    rows: int | None = None
    os_user: str = ""
    django_user: str = ""
    host: str = ""
    command: str = ""
    error: str = ""

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read a run as the audit log holds it; what a newer version has added is left out.

        ValueError: nobody could have logged that. It would stop whoever sorts, stores or shows runs.
        """
        given = {field.name: document[field.name] for field in fields(cls) if field.name in document}
        if not {"id", "operation", "started"} <= given.keys():
            raise ValueError("it does not say what began, and when")
        for name, value in given.items():
            if not _READABLE.get(name, is_text)(value):
                raise ValueError(f"its {name} cannot be understood")
        # A file that tells nothing was validated: the log of 0.1.0 left out what was empty.
        return cls(**{"alias": "", **given})

    def as_record(self) -> dict[str, Any]:
        """Give what the audit log holds: everything that is known."""
        return {name: value for name, value in asdict(self).items() if name == "alias" or value not in (None, "")}


_READABLE: Mapping[str, Callable[[object], bool]] = {
    "started": is_moment,
    "finished": lambda value: value is None or is_moment(value),
    "seconds": lambda value: value is None or is_duration(value),
    **dict.fromkeys(("stored_size", "raw_size", "rows"), lambda value: value is None or is_count(value)),
}
