"""How it stands with the backups of a database: what there is, how old it is, whether it has been proven."""

from dataclasses import dataclass
from typing import Literal

from holdfast.document import Document
from holdfast.history import Run

# `critical`: data would be lost beyond the target. `warning`: a person should look.
Condition = Literal["ok", "warning", "critical"]


@dataclass(frozen=True)
class Aging(Document):
    """A target of `HOLDFAST["MAX_AGE"]`, and the newest good backup that it asks for."""

    # None is any kind.
    kind: str | None
    backup: str | None
    age_seconds: float | None
    max_age_seconds: float
    too_old: bool


@dataclass(frozen=True)
class Proof(Document):
    """A backup of which it is known that it can be restored, because it was."""

    backup: str
    at: str
    how: Literal["drill", "restore"]
    # How long it took: what a restore must be expected to take. None where nobody remembers.
    seconds: float | None


@dataclass(frozen=True)
class Status(Document):
    """How it stands with one database; what is unknown, or not there, is None."""

    alias: str
    condition: Condition
    # Why it is not `ok`, in sentences without a full stop.
    reasons: tuple[str, ...]
    # The newest good backup that has rows and is no safety backup.
    backup: str | None
    kind: str | None
    created: str | None
    age_seconds: float | None
    rows: int | None
    stored_size: int | None
    raw_size: int | None
    # How long it took to make.
    seconds: float | None
    # Where copies of it are.
    locations: tuple[str, ...]
    targets: tuple[Aging, ...]
    too_old: bool
    proven: Proof | None
    last_drill: Run | None
    # Since the newest good backup, the last one and how many.
    last_failure: Run | None
    failures: int
    next_due: str | None
    # Bytes on the disk of the folder of backups.
    free_bytes: int
