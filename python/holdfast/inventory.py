"""The backups that there are, and what becomes of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from holdfast.document import Document
from holdfast.reports import local_path
from holdfast.stores import LOCAL


@dataclass(frozen=True)
class Backup(Document):
    """A backup as listed."""

    name: str
    # None where it is no file of this machine.
    path: Path | None
    stored_size: int
    problem: str | None
    # The name tells these where the manifest cannot be read; empty where not even that does.
    alias: str
    kind: str
    created: str
    # These are unknown then.
    id: str = ""
    engine: str = ""
    # Its name on its server, or that of its file.
    database: str = ""
    server_version: str = ""
    rows: int = 0
    raw_size: int = 0
    # `full` or `schema-only`.
    content: str = ""
    django: str = ""
    migrations: int = 0
    pinned: str | None = None
    verified_at: str | None = None
    verified_how: str | None = None
    verified_ok: bool | None = None
    # What the project's own checks said then of the data in it.
    objections: tuple[str, ...] = ()
    tables: Mapping[str, int | None] | None = None
    models: Mapping[str, str] | None = None
    # What was about to be migrated, and why that called for a backup; None where it was made for another reason.
    pre_migrate: Mapping[str, Any] | None = None
    # Every store that has it, the nearest first; "local" is this machine.
    locations: tuple[str, ...] = (LOCAL,)
    # What it was not to have: "all rows", or "the rows of" each table.
    lacks: tuple[str, ...] = ()
    # Its clock was wrong, or this machine's is.
    is_of_the_future: bool = False
    # Whether it is whole, not known to be bad, and not of the future: what is chosen, counted and relied on unasked.
    stands_for_database: bool = False

    @property
    def proven_at(self) -> str | None:
        """When it was restored for a trial, with success; None is never, or not to be relied on any more."""
        return self.verified_at if self.verified_how == "restored" and self.verified_ok else None

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read what the core listed; a broken backup is listed with little more than its name."""
        status = document["status"]
        listed = cls(
            name=document["name"],
            path=local_path(document),
            stored_size=document["stored_size"],
            problem=document["problem"],
            alias=document["alias"],
            kind=document["kind"],
            created=document["created"],
            pinned=status.get("pinned"),
            locations=(document["location"],),
            lacks=tuple(document["lacks"]),
            is_of_the_future=document["is_of_the_future"],
            stands_for_database=document["stands_for_database"],
        )
        if "database" not in document:
            return listed
        verified = status.get("verified") or {}
        return replace(
            listed,
            id=document["id"],
            engine=document["database"]["engine"],
            database=document["database"]["name"],
            server_version=document["database"]["server_version"],
            rows=document["rows"],
            raw_size=document["raw_size"],
            content=document["content"],
            verified_at=verified.get("at"),
            verified_how=verified.get("how"),
            verified_ok=verified.get("ok"),
            objections=tuple(verified.get("objections", ())),
            tables={_label(table): table["rows"] for table in document["tables"]},
            **_project(document["django"]),
        )


@dataclass(frozen=True)
class Decision(Document):
    """Whether a backup stays in a store, and why."""

    alias: str
    name: str
    location: str
    keep: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Remain(Document):
    """Something in a store that belongs to no backup."""

    location: str
    name: str
    what: str
    # In bytes; None where the store does not tell.
    size: int | None


def _project(state: Any) -> dict[str, Any]:
    """Read the state of the Django project; nothing where a damaged manifest has it in another shape.

    The core does not know what is in there, and one damaged file must not keep anybody from the list of the others.
    """
    try:
        return {
            "django": str(state.get("django", "")),
            "migrations": sum(len(names) for names in state.get("migrations", {}).values()),
            "models": {label: str(model["table"]) for label, model in state.get("models", {}).items()},
            "pre_migrate": state.get("pre_migrate"),
        }
    except (AttributeError, KeyError, TypeError):
        return {}


def _label(table: Mapping[str, Any]) -> str:
    return f"{table['schema']}.{table['name']}" if table.get("schema") else str(table["name"])
