"""Keeps backups that were fetched from afar for the next time, as many as the settings give room for."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import Any

from holdfast import _core, places, plans
from holdfast.conf import Configuration
from holdfast.exceptions import InvalidBackup
from holdfast.progress import OnEvent

# Hidden, so that nothing takes what lies there for a backup of this machine.
_FOLDER = ".cache"
_SIDECARS = (".json", ".sha256", ".status.json")
# The file, and what SQLite builds of it, with some to spare.
_ROOM = 4


def fetched(configuration: Configuration, place: dict[str, Any], size: int, on_event: OnEvent) -> dict[str, Any]:
    """Give a near place of the same backup where there may be one: what was fetched before, or is fetched now."""
    if place["store"]["kind"] == "folder" or size > configuration.cache_size:
        return place
    folder = configuration.directory / _FOLDER / place["store"]["name"]
    path = folder / place["name"]
    here = {"store": places.folder(folder), "name": place["name"]}
    if path.exists() and not _is_good(configuration, here, place, on_event):
        _remove(path)
    # Compares manifests, fetches what is missing, and looks at every byte on its way.
    _core.copy_backup({"backup": place, "to": here["store"]}, on_event)
    path.touch()
    _make_room(configuration, keep=path)
    return here


@contextmanager
def near(configuration: Configuration, place: dict[str, Any], size: int, on_event: OnEvent) -> Iterator[dict[str, Any]]:
    """Give a near place of the same backup while the block lasts: what is read several times is fetched once.

    It stays afar where there is no room for it here, or where it is damaged: then its reader says how.
    """
    _sweep(configuration.directory / _FOLDER)
    try:
        place = fetched(configuration, place, size, on_event)
    except InvalidBackup:
        yield place
        return
    if place["store"]["kind"] == "folder" or shutil.disk_usage(configuration.directory).free < _ROOM * size:
        yield place
        return
    with private_folder(configuration) as private:
        yield _brought(place, private, on_event)


@contextmanager
def private_folder(configuration: Configuration) -> Iterator[Path]:
    """Give the name of a folder for this run alone, where backups have room; nothing of it is left afterwards."""
    folder = configuration.directory / _FOLDER
    _sweep(folder)
    private = folder / f"{os.getpid()}-{token_hex(4)}"
    try:
        yield private
    finally:
        shutil.rmtree(private, ignore_errors=True)
        with suppress(OSError):
            # Unless it keeps something for the next time.
            folder.rmdir()


def _brought(place: dict[str, Any], folder: Path, on_event: OnEvent) -> dict[str, Any]:
    try:
        _core.copy_backup({"backup": place, "to": places.folder(folder)}, on_event)
    except InvalidBackup:
        return place
    return {"store": places.folder(folder), "name": place["name"]}


def _sweep(folder: Path) -> None:
    """Remove what killed runs left; a number that is another process's by now is looked at again in a later run."""
    for path in folder.glob("[0-9]*-*"):
        try:
            os.kill(int(path.name.partition("-")[0]), 0)
        except ProcessLookupError:
            shutil.rmtree(path, ignore_errors=True)
        except PermissionError:
            # It runs, as somebody else.
            continue


def _is_good(configuration: Configuration, here: dict[str, Any], there: dict[str, Any], on_event: OnEvent) -> bool:
    """Tell whether what lies here is what lies there: a name says nothing, and a disk may have lost some of it."""
    theirs = _core.read_manifest(there, on_event)
    try:
        ours = _core.read_manifest(here, on_event)
    except InvalidBackup:
        return False
    if (theirs["id"], theirs["chunks_sha256"]) != (ours["id"], ours["chunks_sha256"]):
        return False
    good: bool = _core.validate(plans.validate_plan(configuration, here, "stored"), on_event)["ok"]
    return good


def _make_room(configuration: Configuration, keep: Path) -> None:
    """Remove what was used least recently until the rest fits."""
    files = [path for path in (configuration.directory / _FOLDER).glob("[a-z]*/*") if not path.name.endswith(_SIDECARS)]
    files.sort(key=lambda path: path.stat().st_mtime)
    total = sum(path.stat().st_size for path in files)
    for path in files:
        if total <= configuration.cache_size:
            return
        if path != keep:
            total -= path.stat().st_size
            _remove(path)


def _remove(path: Path) -> None:
    for suffix in ("", *_SIDECARS):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
