"""What operations give back: frozen, typed, and ready for JSON with `as_dict`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from holdfast.document import Document

Strategy = Literal["auto", "in-place", "swap"]

_Document = Mapping[str, Any]

OBJECTION = "it comes back exactly, but a check of the project is not content with its data"


def local_path(document: _Document) -> Path | None:
    """Read the path of a backup that the core tells of; None where it is no file of this machine."""
    return Path(document["path"]) if document["path"] is not None else None


@dataclass(frozen=True)
class Missing:
    """A store that did not get its copy, and why."""

    store: str
    message: str
    hint: str | None


@dataclass(frozen=True)
class Report(Document):
    """A backup that was made."""

    alias: str
    kind: str
    name: str
    # None where it is no file of this machine.
    path: Path | None
    # The store that is its home; "local" is this machine.
    location: str
    id: str
    created: str
    engine: str
    tables: int
    rows: int
    raw_size: int
    stored_size: int
    seconds: float
    skipped: tuple[str, ...]
    notices: tuple[str, ...]
    missing: tuple[Missing, ...] = ()

    @classmethod
    def from_document(cls, document: _Document, notices: tuple[str, ...]) -> Self:
        """Read what the core gave."""
        return cls(
            **{
                **document,
                "path": local_path(document),
                "skipped": tuple(f"{skipped['kind']} {skipped['name']}" for skipped in document["skipped"]),
                "missing": tuple(Missing(**missing) for missing in document["missing"]),
            },
            notices=notices,
        )


@dataclass(frozen=True)
class Obstacle(Document):
    """Why something is not done, and what to do about it."""

    message: str
    hint: str | None


@dataclass(frozen=True)
class KeptDatabase(Document):
    """A database that a restore has put aside."""

    name: str
    since: str
    # In bytes; None where the server does not tell this role.
    size: int | None
    # Replication slots of it, which the server drops with it.
    slots: tuple[str, ...] = ()
    # It is not dropped before these are out of the way.
    obstacles: tuple[Obstacle, ...] = ()

    @classmethod
    def read(cls, document: _Document) -> Self:
        """Read what the core says of one."""
        obstacles = tuple(Obstacle(**one) for one in document["obstacles"])
        return cls(**{**document, "slots": tuple(document["slots"]), "obstacles": obstacles})


@dataclass(frozen=True)
class UndoReport(Document):
    """A swap of a live database and one that was put aside, planned or done."""

    alias: str
    database: str
    # What has the live name afterwards, under the name that it had.
    restored: KeptDatabase
    # What had it before; None in a plan.
    kept: KeptDatabase | None


@dataclass(frozen=True)
class TableChange:
    """Rows of a table before and after a restore; None where there is no table, or nobody knows."""

    label: str
    before: int | None
    after: int | None
    # Whether `before` is the server's guess: counting a very large table takes minutes.
    estimated: bool = False


@dataclass(frozen=True)
class RestorePreview(Document):
    """What a restore would do; nothing is done yet."""

    alias: str
    database: str
    engine: str
    backup: str
    # None where it is no file of this machine.
    path: Path | None
    # The store that it comes from; "local" is this machine.
    location: str
    created: str
    # When it was last restored for a trial, with success.
    proven_at: str | None
    strategy: Strategy
    # Why it goes so; empty where there is no choice.
    strategy_reason: str
    # The name under which a swap keeps the live database, `<time>` in it.
    kept_as: str | None
    scope: str
    tables: tuple[TableChange, ...]
    drops: tuple[str, ...]
    creates: tuple[str, ...]
    keeps: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class RestoreReport(Document):
    """A restore that was done."""

    alias: str
    database: str
    backup: str
    tables: int
    rows: int
    seconds: float
    verified: str
    safety_backup: str | None
    # The database that was there before, where a swap has put it aside.
    kept: KeptDatabase | None
    # Materialized views that stayed empty; the warnings say why.
    unfilled: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at in a backup."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True)
class ValidationReport(Document):
    """What is known about a backup after it was read whole."""

    name: str
    # None where it is no file of this machine.
    path: Path | None
    location: str
    ok: bool
    deep: bool
    # Whether only sizes, the manifest and the stored version were compared: that proves nothing.
    quick: bool
    checks: tuple[Check, ...]
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    seconds: float
    # What the project's own checks have found in a backup that comes back exactly: the data was like that.
    objections: tuple[str, ...] = ()


@dataclass(frozen=True)
class SyncStep(Document):
    """A backup that one store has, and what becomes of it in another."""

    name: str
    alias: str
    size: int
    action: Literal["copy", "same", "conflict", "bad"]
    # Empty where the action says it all.
    reason: str
    source: str
    target: str


@dataclass(frozen=True)
class SyncReport(Document):
    """What a sync has done, and what it has not."""

    copied: tuple[SyncStep, ...]
    same: int
    # Conflicts, bad backups, and copies that failed with the reason.
    left: tuple[SyncStep, ...]
    # Stores that could not be asked, and why.
    unreachable: tuple[Missing, ...]


@dataclass(frozen=True)
class Probe(Document):
    """One thing that the next backup depends on, as it is now."""

    subject: str
    ok: bool
    detail: str
    hint: str | None = None
    # Nothing that keeps a backup from being made, and something to change all the same.
    doubtful: bool = False


@dataclass(frozen=True)
class WantedRule(Document):
    """A lifecycle rule that a bucket should have."""

    id: str
    purpose: str
    # Under whatever name.
    is_there: bool


@dataclass(frozen=True)
class Lifecycle(Document):
    """The rules by which a bucket removes by itself what nobody needs."""

    store: str
    rules: tuple[WantedRule, ...]
    # What other rules would do to backups.
    dangers: tuple[str, ...]
    # Whether something was added just now.
    applied: bool

    @property
    def is_complete(self) -> bool:
        """Whether nothing is lacking."""
        return all(rule.is_there for rule in self.rules)
