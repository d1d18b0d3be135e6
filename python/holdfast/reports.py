"""What operations give back: frozen, typed, and ready for JSON with `as_dict`."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

_Document = Mapping[str, Any]


class _Report:
    def as_dict(self) -> dict[str, Any]:
        """Give everything as values that JSON knows."""
        return {name: _plain(value) for name, value in asdict(self).items()}  # type: ignore[call-overload]


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value


@dataclass(frozen=True)
class Report(_Report):
    """A backup that was made."""

    alias: str
    kind: str
    name: str
    path: Path
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

    @classmethod
    def from_document(cls, document: _Document, notices: tuple[str, ...]) -> Self:
        """Read what the core gave."""
        return cls(
            **{name: document[name] for name in ("alias", "kind", "name", "id", "created", "raw_size", "stored_size")},
            path=Path(document["path"]),
            engine=document["database"]["engine"],
            tables=len(document["tables"]),
            rows=sum(table["rows"] or 0 for table in document["tables"]),
            seconds=document["seconds"],
            skipped=tuple(f"{skipped['kind']} {skipped['name']}" for skipped in document.get("skipped", ())),
            notices=notices,
        )


@dataclass(frozen=True)
class TableChange:
    """Rows of a table before and after a restore; None where there is no table, or nobody knows."""

    label: str
    before: int | None
    after: int | None


@dataclass(frozen=True)
class RestorePreview(_Report):
    """What a restore would do; nothing is done yet."""

    alias: str
    database: str
    engine: str
    backup: str
    path: Path
    created: str
    strategy: str
    scope: str
    tables: tuple[TableChange, ...]
    drops: tuple[str, ...]
    creates: tuple[str, ...]
    keeps: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class RestoreReport(_Report):
    """A restore that was done."""

    alias: str
    database: str
    backup: str
    tables: int
    rows: int
    seconds: float
    verified: str
    safety_backup: str | None
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at in a backup."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True)
class ValidationReport(_Report):
    """What is known about a backup after it was read whole."""

    name: str
    path: Path
    ok: bool
    deep: bool
    checks: tuple[Check, ...]
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class Backup(_Report):
    """A backup in the folder, as listed."""

    name: str
    path: Path
    stored_size: int
    # Everything from here on is unknown where `problem` says that the manifest cannot be read.
    problem: str | None = None
    id: str = ""
    alias: str = ""
    kind: str = ""
    created: str = ""
    engine: str = ""
    server_version: str = ""
    rows: int = 0
    raw_size: int = 0
    django: str = ""
    migrations: int = 0
    pinned: str | None = None
    verified_at: str | None = None
    verified_how: str | None = None
    verified_ok: bool | None = None
    tables: Mapping[str, int | None] | None = None
    models: Mapping[str, str] | None = None

    @classmethod
    def from_document(cls, document: _Document) -> Self:
        """Read what the core listed; a broken backup is listed with little more than its name."""
        path = Path(document["path"])
        if "database" not in document:
            return cls(
                name=document.get("name") or path.name,
                path=path,
                stored_size=document.get("stored_size", 0),
                problem=document.get("problem") or "its manifest cannot be read",
            )
        django_state = document.get("django") or {}
        status = document.get("status") or {}
        return cls(
            name=document["name"],
            path=path,
            stored_size=document["stored_size"],
            problem=document.get("problem"),
            id=document["id"],
            alias=document["alias"],
            kind=document["kind"],
            created=document["created"],
            engine=document["database"]["engine"],
            server_version=document["database"]["server_version"],
            rows=document["rows"],
            raw_size=document["raw_size"],
            django=django_state.get("django", ""),
            migrations=sum(len(names) for names in django_state.get("migrations", {}).values()),
            pinned=status.get("pinned"),
            verified_at=status.get("verified_at"),
            verified_how=status.get("verified_how"),
            verified_ok=status.get("verified_ok"),
            tables={_label(table): table["rows"] for table in document["tables"]},
            models={label: model["table"] for label, model in django_state.get("models", {}).items()},
        )


@dataclass(frozen=True)
class Decision(_Report):
    """Whether a backup stays, and why."""

    alias: str
    name: str
    path: Path
    keep: bool
    reasons: tuple[str, ...]


def _label(table: _Document) -> str:
    return f"{table['schema']}.{table['name']}" if table.get("schema") else str(table["name"])
