"""Chooses what to restore, and where."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from holdfast import _core, conf, databases, places, plans
from holdfast.conf import Configuration
from holdfast.exceptions import InvalidBackup, UsageError
from holdfast.inventory import Backup
from holdfast.operations import unpacked
from holdfast.operations.cache import fetched
from holdfast.places import Files
from holdfast.progress import OnEvent, silent
from holdfast.reports import local_path
from holdfast.stores import ALL


@dataclass(frozen=True)
class Choice:
    """A backup, and the database that it is for."""

    configuration: Configuration
    connection: BaseDatabaseWrapper
    name: str
    location: str
    # None where it is no file of this machine.
    path: Path | None
    # As the core reaches it.
    place: dict[str, Any]
    manifest: dict[str, Any]
    # When it was last restored for a trial, with success.
    proven_at: str | None
    # What whoever restores it should know of the file.
    remarks: tuple[str, ...] = ()


def locate(
    configuration: Configuration,
    selector: str,
    alias: str | None,
    location: str = ALL,
    on_event: OnEvent | None = None,
) -> dict[str, Any]:
    """Find a backup as the core lists it; `latest` is that of the alias, or of the default one."""
    return _core.find_backup(_question(configuration, selector, alias, location, "packed"), on_event or silent)


def locate_any(
    configuration: Configuration,
    selector: str,
    alias: str | None,
    location: str,
    on_event: OnEvent | None,
) -> dict[str, Any]:
    """Find a backup, or a file that somebody has decompressed, as `locate` does."""
    unpacked.refuse_live(selector, configuration.directory)
    return _core.find_backup(_question(configuration, selector, alias, location, "any"), on_event or silent)


def _question(
    configuration: Configuration, selector: str, alias: str | None, location: str, files: Files
) -> dict[str, Any]:
    # Another database's backup is found by its name, on purpose: copying production into staging is a restore too.
    wanted = (alias or databases.default_alias(configuration.databases)) if selector == "latest" else None
    stores = places.stores(configuration, places.names(configuration, location))
    return places.question(stores, selector, wanted, files)


def search(
    configuration: Configuration,
    locations: Sequence[str],
    selector: str,
    alias: str | None = None,
    on_event: OnEvent | None = None,
) -> dict[str, Any]:
    """Find a backup in these locations; `latest` is that of the alias, or of any."""
    question = places.question(places.stores(configuration, locations), selector, alias)
    return _core.find_backup(question, on_event or silent)


@contextmanager
def chosen(
    selector: str,
    alias: str | None,
    location: str = ALL,
    on_event: OnEvent | None = None,
    *,
    whole: bool = True,
) -> Iterator[Choice]:
    """Find a backup that the database can take; the alias is the backup's own where none is given.

    Of one that is not restored whole only the ranges are fetched that are needed: it is not kept for the next time.
    """
    configuration = conf.load()
    found = locate_any(configuration, selector, alias, location, on_event)
    if unpacked.is_alone(found):
        connection = databases.connection_for(alias or databases.default_alias(configuration.databases))
        _refuse_other_engine("sqlite", connection)
        with unpacked.packed(configuration, connection, Path(found["path"]), on_event or silent) as place:
            yield Choice(
                configuration=configuration,
                connection=connection,
                name=found["name"],
                location=found["location"],
                path=local_path(found),
                place=place,
                manifest=_core.read_manifest(place, on_event or silent),
                proven_at=None,
                remarks=(unpacked.UNCHECKED,),
            )
        return
    if found.get("problem"):
        raise InvalidBackup(
            f"{found['path'] or found['name']}: {found['problem']}",
            "Nothing was changed; choose another backup: `manage.py list_backups`.",
        )
    connection = databases.connection_for(alias or found["alias"])
    _refuse_other_engine(found["database"]["engine"], connection)
    place = places.place(configuration, found)
    if whole:
        place = fetched(configuration, place, found["stored_size"], on_event or silent)
    yield Choice(
        configuration=configuration,
        connection=connection,
        name=found["name"],
        location=found["location"],
        path=local_path(found),
        place=place,
        manifest=_core.read_manifest(place, on_event or silent),
        proven_at=Backup.from_document(found).proven_at,
        remarks=unpacked.remarks(found),
    )


def _refuse_other_engine(engine: str, connection: BaseDatabaseWrapper) -> None:
    if engine != connection.vendor:
        raise UsageError(
            f"the backup is of {databases.ENGINES.get(engine, engine)}, "
            f"the database {connection.alias!r} is {databases.ENGINES[connection.vendor]}",
            "A backup goes back into the engine that it came from.",
        )


def prove(choice: Choice, on_event: OnEvent) -> None:
    """Compare every stored byte with its digest, so that nobody decides on a damaged backup.

    A backup that is far away is compared chunk by chunk while it is restored, before the commit.
    """
    found = _core.validate(plans.validate_plan(choice.configuration, choice.place, "stored"), on_event)
    if not found["ok"]:
        raise InvalidBackup(
            found["problems"][0],
            "Nothing was changed; choose another backup: `manage.py list_backups`.",
        )
