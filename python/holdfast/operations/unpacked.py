"""Takes files that somebody has decompressed: with their backup's manifest, or a SQLite file without one."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from holdfast import _core, commitment, databases, places, plans, sqlite
from holdfast.conf import Configuration
from holdfast.exceptions import HoldfastError, UsageError
from holdfast.folder import prepare
from holdfast.operations.cache import private_folder
from holdfast.progress import OnEvent

UNCHECKED = (
    "nothing tells what this file should hold: SQLite finds it whole, but rows that were changed or deleted since it "
    "was made, or a file that is another one, would not be noticed; the backup's manifest beside it would tell"
)


def is_alone(found: Mapping[str, Any]) -> bool:
    """Tell whether this is a file without a manifest (of PostgreSQL the core takes none)."""
    return found["unpacked"] is not None and found["unpacked"]["from"] is None


def remarks(found: Mapping[str, Any]) -> tuple[str, ...]:
    """Say what an unpacked file is compared with; nothing of a backup as it was made."""
    if found["unpacked"] is None:
        return ()
    origin = found["unpacked"]["from"]
    where = origin["path"] or f"{origin['name']} in the store {origin['location']}"
    return (f"the file was unpacked; every byte of it is compared with the manifest of {where}",)


@contextmanager
def packed(
    configuration: Configuration, connection: BaseDatabaseWrapper, file: Path, on_event: OnEvent
) -> Iterator[dict[str, Any]]:
    """Make a private backup of a SQLite file; it is restored as any other, and gone when this ends."""
    _refuse_unfinished(file)
    prepare(configuration.directory)
    with private_folder(configuration) as folder:
        folder.mkdir(mode=0o700, parents=True)
        copy = folder / "copy"
        on_event({"event": "stage", "name": "copying", "total_bytes": file.stat().st_size})
        shutil.copyfile(file, copy)
        created = datetime.fromtimestamp(int(file.stat().st_mtime), UTC)
        plan = plans.backup_plan(connection, configuration, created, {"kind": "unpacked"}, copy)
        plan["stores"] = [places.folder(folder)]
        plan["source"]["name"] = file.name
        name = _core.backup(plan, on_event)["name"]
        # That was no work of its own: what comes next can be stopped.
        commitment.go_on()
        copy.unlink()
        yield {"store": places.folder(folder), "name": name}


def refuse_live(selector: str, folder: Path) -> None:
    """Fail where the selector leads to a database at work, before the core looks at it.

    Closing a file costs its database's connections in this process their locks, and others their rows.
    """
    for file in filter(os.path.exists, (folder / selector, Path(selector))):
        for alias in databases.sqlite_files():
            try:
                live, _ = sqlite.location(connections[alias])
            except HoldfastError:
                # In memory.
                continue
            if live.exists() and live.samefile(file):
                raise UsageError(
                    f"{file} is the live database {alias!r} itself", "Choose a backup: `manage.py list_backups`."
                )


def _refuse_unfinished(file: Path) -> None:
    for ending in ("-wal", "-journal"):
        beside = file.with_name(file.name + ending)
        if beside.exists() and beside.stat().st_size:
            raise UsageError(
                f"{file} has {beside.name} beside it: a program uses it, or has left it unfinished",
                "Close that program, or unpack the backup again and restore that.",
            )
