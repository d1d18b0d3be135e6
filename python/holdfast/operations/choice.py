"""Chooses what to restore, and where."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from holdfast import _core, conf, databases, plans
from holdfast.conf import Configuration
from holdfast.exceptions import InvalidBackup, UsageError
from holdfast.progress import OnEvent


@dataclass(frozen=True)
class Choice:
    """A backup, and the database that it is for."""

    configuration: Configuration
    connection: BaseDatabaseWrapper
    path: Path
    manifest: dict[str, Any]


def locate(configuration: Configuration, selector: str, alias: str | None) -> dict[str, Any]:
    """Find a backup as the core lists it; `latest` is that of the alias, or of the default one."""
    folder = str(configuration.directory)
    if selector == "latest":
        return _core.find_backup(folder, selector, alias or databases.default_alias(configuration.databases))
    # Another database's backup is found by its name, on purpose: copying production into staging is a restore too.
    return _core.find_backup(folder, selector, None)


def choose(selector: str, alias: str | None) -> Choice:
    """Find a backup that the database can take; the alias is the backup's own where none is given."""
    configuration = conf.load()
    found = locate(configuration, selector, alias)
    if found.get("problem"):
        raise InvalidBackup(
            f"{found['path']}: {found['problem']}",
            "Nothing was changed; choose another backup: `manage.py list_backups`.",
        )
    manifest = _core.read_manifest(found["path"])
    connection = databases.connection_for(alias or found["alias"])
    engine = manifest["database"]["engine"]
    if engine != connection.vendor:
        raise UsageError(
            f"the backup is of {databases.ENGINES.get(engine, engine)}, "
            f"the database {connection.alias!r} is {databases.ENGINES[connection.vendor]}",
            "A backup goes back into the engine that it came from.",
        )
    return Choice(configuration, connection, Path(found["path"]), manifest)


def prove(choice: Choice, on_event: OnEvent) -> None:
    """Compare every stored byte with its digest, so that nobody decides on a damaged backup."""
    found = _core.validate(plans.validate_plan(choice.configuration, choice.path, "stored"), on_event)
    if not found["ok"]:
        raise InvalidBackup(
            found["problems"][0],
            "Nothing was changed; choose another backup: `manage.py list_backups`.",
        )
