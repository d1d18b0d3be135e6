"""What a deployment is: what a process tree migrates in one go. And what the ledger says of it.

Why a backup is shared, and when it is not: docs/decisions/0032-one-backup-for-one-deployment.md.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connections

from holdfast import clock, databases
from holdfast.premigration import ledger
from holdfast.premigration.ledger import Entries

# How long after its last migration a deployment goes on. A process that lives on (a shell, a worker) begins another one
# then; what a script does between two migrations is shorter.
_LULL_SECONDS = 300


@dataclass(frozen=True)
class Deployment:
    """One process tree that migrates one database."""

    folder: Path
    alias: str
    # Unlike that of any other deployment (see `named`).
    name: str
    # The one that it is a part of: itself, or for a `migrate_safely` that of its process tree.
    whole: str
    # The outermost command that migrates, as long as which others wait, and the `migrate` within it.
    owner: object
    run: object

    @property
    def ledger(self) -> Path:
        """The file that says which backup it has."""
        return self.folder / f".{self.alias}+migrations"

    @property
    def active(self) -> Path:
        """The file that whoever migrates keeps locked."""
        return self.folder / f".{self.alias}+migrating"

    @property
    def running(self) -> Path:
        """The file that is locked while a `migrate` runs."""
        return self.folder / f".{self.alias}+running"


@dataclass
class Turn:
    """What stands in the ledger for a deployment, while nobody else looks."""

    # The name of its backup, where it has one.
    backup: str | None = None
    # Its backup was tried, and it goes on without.
    failed: bool = False
    # Another deployment has migrated since this one made its plan.
    waited: bool = False


def named(name: str, alias: str, revision: str | None) -> str:
    """Name the deployment of one database, by one revision of the code."""
    return f"{name} {databases.fingerprint(connections[alias])} {revision or ''}"


def look_up(entries: Entries, deployment: Deployment, found: Turn, *, quiet: bool) -> None:
    """Find what this deployment has; where another one has migrated since, that is not the state to go back to."""
    newest = _newest(entries, deployment)
    if newest is None or (quiet and is_over(newest)):
        return
    if is_newest(entries, deployment):
        entry = entries[deployment.name]
    elif found.waited and newest in _same_elsewhere(entries, deployment):
        entry = newest
    else:
        return
    found.backup, found.failed = entry.get("backup"), entry.get("failed", False)


def is_newest(entries: Entries, deployment: Deployment) -> bool:
    """Tell whether this deployment is the one that migrated its database last."""
    newest = _newest(entries, deployment)
    return newest is not None and deployment.name in entries and entries[deployment.name]["at"] == newest["at"]


def is_kin(entries: Entries, deployment: Deployment) -> bool:
    """Tell whether this process tree has migrated, so that who migrates may wait for this very process."""
    return any(_split(name)[0] == _split(deployment.whole)[0] for name in entries)


def is_over(entry: dict[str, Any]) -> bool:
    """Tell whether what comes now is no part of this deployment any more."""
    return ledger.age(entry) > _LULL_SECONDS


def write(file: int, entries: Entries, deployment: Deployment, backup: str | None, *, failed: bool) -> None:
    """Write down what a deployment has, and the one that it is a part of."""
    entry = {"at": clock.now().timestamp(), "backup": backup, "failed": failed, "process": os.getpid()}
    ledger.write(file, {deployment.whole: entry, **entries, deployment.name: entry})


def process_of(entries: Entries) -> str:
    """Name the process that migrated last, for whoever waits for it."""
    newest = max(entries.values(), key=_at, default=None)
    process = newest and newest.get("process")
    return f" (process {process})" if isinstance(process, int) else ""


def _same_elsewhere(entries: Entries, deployment: Deployment) -> list[dict[str, Any]]:
    """Give the same deployment on other machines and in other containers, where the revision of the code is known."""
    _, database, revision = _split(deployment.name)
    if not revision or deployment.name != deployment.whole:
        return []
    return [entry for name, entry in entries.items() if _split(name)[1:] == [database, revision]]


def _newest(entries: Entries, deployment: Deployment) -> dict[str, Any] | None:
    database = _split(deployment.name)[1]
    return max((entry for name, entry in entries.items() if _split(name)[1] == database), key=_at, default=None)


def _at(entry: dict[str, Any]) -> float:
    return float(entry["at"])


def _split(name: str) -> list[str]:
    """Give what `named` put together; the name of a host may be anything."""
    return ["", "", *name.rsplit(" ", 2)][-3:]
