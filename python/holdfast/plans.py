"""Builds the plans that go to the Rust core, in the shape of `src/plan.rs`; they hold passwords: never log one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypedDict
from uuid import uuid4

from django.db.backends.base.base import BaseDatabaseWrapper

from holdfast import clock, databases, places, project
from holdfast.compression import Compression
from holdfast.conf import Configuration
from holdfast.reports import Strategy
from holdfast.stores import LOCAL

Content = Literal["full", "schema-only"]
Scope = Literal["full", "data-only", "schema-only"]
Verify = Literal["counts", "full"]

STAMP_FORMAT = "%Y%m%dT%H%M%SZ"


class BackupOptions(TypedDict, total=False):
    """What a caller may choose about a backup; what is left out comes from the settings."""

    kind: str
    compression: str
    jobs: int | None
    content: Content
    exclude_table_data: Sequence[str]
    unsupported: Literal["refuse", "skip"]
    verify: Verify
    # Uncompressed bytes a second; None is that of the settings.
    rate_limit: int | None
    # More for what the manifest says of the project.
    remarks: Mapping[str, Any]
    # The store that is its home; the folder where nothing else is said.
    location: str
    # Stores that get a copy in the same pass.
    upload: Sequence[str]


class RestoreOptions(TypedDict, total=False):
    """What a caller may choose about a restore."""

    strategy: Strategy
    scope: Scope
    tables: Sequence[str]
    # PostgreSQL's schemas, each with everything in it.
    schemas: Sequence[str]
    owners: Literal["ignore", "apply"]
    verify: Verify
    jobs: int | None
    # How the server compresses large values; None leaves it to the server.
    toast_compression: Literal["lz4", "pglz"] | None
    # Whether the state of now is backed up first; "auto" does unless the old database is kept whole.
    safety_backup: Literal["auto", "make", "skip"]
    # Roles without superuser rights whose code may run with those of a superuser, besides those of the settings.
    trusted_roles: Sequence[str]
    # What the safety backup does about objects that it cannot hold.
    unsupported: Literal["refuse", "skip"]


def backup_plan(
    connection: BaseDatabaseWrapper,
    configuration: Configuration,
    created: datetime,
    options: BackupOptions,
    copy: Path | None = None,
) -> dict[str, Any]:
    """Plan a backup, of SQLite from a private copy."""
    compression = options.get("compression")
    return {
        "source": _server(connection)
        or {"engine": "sqlite", "copy": str(copy), "name": databases.display_name(connection)},
        "stores": places.stores(configuration, [options.get("location", LOCAL), *options.get("upload", ())]),
        "id": uuid4().hex,
        "alias": connection.alias,
        "kind": options.get("kind", "manual"),
        "created": clock.utc_text(created),
        "codec": (Compression.parse(compression) if compression else configuration.compression).as_dict(),
        "jobs": options.get("jobs") or configuration.jobs,
        "content": options.get("content", "full"),
        "exclude_table_data": {
            "always": list(configuration.exclusions.of(connection.alias)),
            "once": list(options.get("exclude_table_data", ())),
        },
        "unsupported": options.get("unsupported", "refuse"),
        "verify": options.get("verify", "counts"),
        "lock_timeout_seconds": configuration.lock_timeout_seconds,
        "rate_limit": options.get("rate_limit") or configuration.rate_limit,
        "django": {**project.state(connection, copy), **options.get("remarks", {})},
    }


def restore_plan(
    connection: BaseDatabaseWrapper,
    configuration: Configuration,
    backup: dict[str, Any],
    options: RestoreOptions,
) -> dict[str, Any]:
    """Plan a restore; for SQLite the caller still has to put the private file into the target."""
    return {
        "backup": backup,
        "target": _server(connection) or {"engine": "sqlite", "file": "", "page_size": None},
        "strategy": options.get("strategy", "auto"),
        "scope": options.get("scope", "full"),
        "tables": list(options.get("tables", ())),
        "schemas": list(options.get("schemas", ())),
        "owners": options.get("owners", "ignore"),
        "verify": options.get("verify", "counts"),
        "lock_timeout_seconds": configuration.lock_timeout_seconds,
        "jobs": options.get("jobs") or configuration.jobs,
        "toast_compression": options.get("toast_compression"),
        "trusted_roles": [*configuration.trusted_roles, *options.get("trusted_roles", ())],
    }


def kept_plan(
    connection: BaseDatabaseWrapper, configuration: Configuration, names: Sequence[str] = ()
) -> dict[str, Any]:
    """Plan something about databases that were put aside: list all, or bring back or drop those that are named."""
    return {
        "parameters": databases.libpq_parameters(connection),
        "names": list(names),
        "lock_timeout_seconds": configuration.lock_timeout_seconds,
    }


def validate_plan(
    configuration: Configuration,
    backup: dict[str, Any],
    depth: Literal["quick", "stored", "content"],
    drill: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Plan a validation; a drill is where the backup is restored for a trial."""
    return {
        "backup": backup,
        "jobs": configuration.jobs,
        "depth": depth,
        "drill": drill,
        "scratch_folder": str(configuration.directory),
    }


def drill(configuration: Configuration, alias: str, engine: str, trusted_roles: Sequence[str]) -> dict[str, Any]:
    """Give the place of a trial restore: the backup's own server or another of its engine, or a private file."""
    if engine == "sqlite":
        return {"engine": "sqlite"}
    return {
        "engine": engine,
        "parameters": databases.libpq_parameters(databases.connection_of_engine(alias, engine)),
        "trusted_roles": [*configuration.trusted_roles, *trusted_roles],
    }


def _server(connection: BaseDatabaseWrapper) -> dict[str, Any] | None:
    if connection.vendor != "postgresql":
        return None
    return {"engine": "postgresql", "parameters": databases.libpq_parameters(connection)}
