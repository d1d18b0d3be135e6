"""The state of the Django project: what goes into a manifest, and how a manifest compares with the code of today."""

import os
import platform
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
from django.apps import apps
from django.db import router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

import holdfast
from holdfast import databases

if TYPE_CHECKING:
    from django.db.models.options import Options

_Document = Mapping[str, Any]


@dataclass(frozen=True)
class Migrations:
    """Where backup and code differ, as `app.name`, sorted."""

    unknown_to_code: tuple[str, ...]
    missing_in_backup: tuple[str, ...]


def state(connection: BaseDatabaseWrapper, copy: Path | None = None) -> dict[str, Any]:
    """Describe the project as it stands, for the manifest; a private copy of the database tells its migrations."""
    recorded = _migrations_at(connection) if copy is None else _migrations_in(copy)
    applied: dict[str, list[str]] = {}
    for app, name in sorted(recorded):
        applied.setdefault(app, []).append(name)
    return {
        "django": django.get_version(),
        "python": platform.python_version(),
        "holdfast": holdfast.__version__,
        "project": os.environ.get("DJANGO_SETTINGS_MODULE", ""),
        "distributions": _distributions(),
        "migrations": applied,
        "models": _models(connection.alias, lambda meta: meta.can_migrate(connection)),
    }


@cache
def _providers() -> Mapping[str, list[str]]:
    # A tenth of a second, for each of several databases otherwise; what is installed later is not what runs.
    return metadata.packages_distributions()


def _distributions() -> dict[str, str]:
    """Give the versions of what is installed and brings apps of the project, by the names of the distributions.

    To bring the code of a backup's time back takes more than a revision of the project.
    """
    packages = {config.name.partition(".")[0] for config in apps.get_app_configs()}
    providers = _providers()
    names = {name for package in packages for name in providers.get(package, ())}
    return {name: metadata.version(name) for name in sorted(names)}


def _migrations_at(connection: BaseDatabaseWrapper) -> list[tuple[str, str]]:
    # Django's recorder would list all tables to see whether one is there.
    if not databases.has_table(connection, MigrationRecorder.Migration._meta.db_table):
        return []
    return list(MigrationRecorder(connection).migration_qs.values_list("app", "name"))


def _migrations_in(copy: Path) -> list[tuple[str, str]]:
    # The live database may be locked by now, and may have moved on.
    with closing(sqlite3.connect(copy)) as private:
        if not private.execute("SELECT 1 FROM sqlite_master WHERE name = 'django_migrations'").fetchone():
            return []
        return private.execute("SELECT app, name FROM django_migrations").fetchall()


def _models(alias: str, has_table: Callable[["Options[Any]"], object]) -> dict[str, dict[str, Any]]:
    """Give the table and the columns of every model whose table Django keeps in this database."""
    return {
        model._meta.label: {
            "table": model._meta.db_table.replace('"', ""),
            # A composite primary key is a field without a column.
            "columns": [field.column for field in model._meta.local_concrete_fields if field.column],
        }
        for model in apps.get_models(include_auto_created=True)
        if has_table(model._meta) and router.allow_migrate_model(alias, model)
    }


def expected_models(alias: str, known: Collection[str]) -> dict[str, dict[str, Any]]:
    """Give the models whose tables a backup of this database must have.

    One that only some servers can hold is expected where it is `known` from the backup: to ask the server for its
    features, it would have to be in reach.
    """

    def has_table(meta: "Options[Any]") -> bool:
        demanding = bool(meta.required_db_features or meta.required_db_vendor)
        return meta.managed and not meta.proxy and not meta.swapped and (not demanding or meta.label in known)

    return _models(alias, has_table)


def compare_migrations(django_state: _Document) -> Migrations:
    """Compare the migrations of a backup with those of the code; squashed ones equal what they replace."""
    in_backup = {(app, name) for app, names in django_state.get("migrations", {}).items() for name in names}
    if not in_backup:
        return Migrations((), ())
    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    disk = loader.disk_migrations or {}
    replaced = {key: set(migration.replaces) for key, migration in disk.items()}
    known = set(disk).union(*replaced.values())
    done = in_backup | {key for key, parts in replaced.items() if parts and parts <= in_backup}
    for key in done & set(disk):
        done |= replaced[key]
    return Migrations(_names(in_backup - known), _names(set(disk) - done))


def differences(django_state: _Document) -> list[str]:
    """Say in sentences where a backup's project differs from the code of today."""
    sentences = []
    version = django_state.get("django")
    if version and _series(version) != _series(django.get_version()):
        sentences.append(f"the backup was made with Django {version}, this is Django {django.get_version()}")
    return sentences + differences_of_migrations(django_state)


def differences_of_migrations(django_state: _Document) -> list[str]:
    """Say in sentences which migrations a backup and the code do not share."""
    sentences = []
    migrations = compare_migrations(django_state)
    if migrations.unknown_to_code:
        sentences.append(
            f"the backup has migrations that the code lacks: {_enumerated(migrations.unknown_to_code)}; "
            "deploy the code of the backup's time, or newer",
        )
    if migrations.missing_in_backup:
        sentences.append(
            f"the code has migrations that the backup lacks: {_enumerated(migrations.missing_in_backup)}; "
            "run `manage.py migrate` after the restore",
        )
    return sentences


@dataclass(frozen=True)
class ModelFindings:
    """What installed models miss in a backup."""

    problems: tuple[str, ...]
    warnings: tuple[str, ...]


def compare_models(manifest: _Document) -> ModelFindings:
    """Look for every model's table and columns in a backup.

    Where the backup's migrations of an app are those of the code, a missing table means that the database had lost it
    when the backup was made: a problem. Anywhere else the backup is just older or newer than the code: a warning.
    """
    columns = _columns_by_table(manifest["tables"])
    migrations = compare_migrations(manifest["django"])
    moved = {name.partition(".")[0] for name in migrations.unknown_to_code + migrations.missing_in_backup}
    level = set(manifest["django"].get("migrations", {})) - moved
    problems: list[str] = []
    warnings: list[str] = []
    known = manifest["django"].get("models", {})
    for label, model in expected_models(manifest["alias"], known).items():
        found = problems if apps.get_model(label)._meta.app_label in level else warnings
        missing = _missing(model, columns.get(model["table"]))
        if missing:
            found.append(f"the code has model {label}, the backup lacks its {missing}")
    return ModelFindings(tuple(problems), tuple(warnings))


def _columns_by_table(tables: Iterable[_Document]) -> dict[str, set[str]]:
    columns: dict[str, set[str]] = {}
    for table in tables:
        columns.setdefault(table["name"], set()).update(table["all_columns"])
        columns[f"{table.get('schema')}.{table['name']}"] = set(table["all_columns"])
    return columns


def _missing(model: _Document, columns: set[str] | None) -> str:
    if columns is None:
        return f"table {model['table']}"
    missing = [column for column in model["columns"] if column not in columns]
    return f"columns {', '.join(missing)} of table {model['table']}" if missing else ""


def _series(version: str) -> tuple[str, ...]:
    return tuple(version.split(".")[:2])


def _names(keys: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(sorted(f"{app}.{name}" for app, name in keys))


def _enumerated(names: tuple[str, ...], shown: int = 10) -> str:
    rest = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {rest} more" if rest > 0 else "")
