"""One backup for one deployment: what a process tree migrates in one go goes back to the state before its first.

Two hidden files beside the backups. The ledger says which deployment has which backup. It is locked while one looks,
and while the backup is made: what runs beside it waits, and finds it. The other file is locked by whoever migrates, so
that a deployment from elsewhere waits until this one has ended. Both locks end with their processes.
"""

import fcntl
import os
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from holdfast import clock
from holdfast.premigration import ledger

# How long after its last migration a deployment goes on. A process that lives on (a shell, a worker) begins another one
# then; what a script does between two migrations is shorter.
_LULL_SECONDS = 300


@dataclass(frozen=True)
class Deployment:
    """One process tree that migrates one database."""

    folder: Path
    alias: str
    # Unlike that of any other deployment; the revision of its code stands behind a space.
    name: str
    # The one that it is a part of: itself, or for a `migrate_safely` that of its process tree.
    whole: str
    # The command that migrates, as long as which others wait.
    owner: object

    @property
    def ledger(self) -> Path:
        """The file that says which backup it has."""
        return self.folder / f".{self.alias}+migrations"

    @property
    def active(self) -> Path:
        """The file that whoever migrates keeps locked."""
        return self.folder / f".{self.alias}+migrating"


@dataclass
class Turn:
    """What stands in the ledger for a deployment, while nobody else looks."""

    # The name of its backup, where it has one.
    backup: str | None = None
    # Its backup was tried, and it goes on without.
    failed: bool = False
    # Another deployment has migrated since this one made its plan.
    waited: bool = False


@dataclass(frozen=True)
class _Hold:
    """The lock of a deployment that migrates."""

    descriptor: int
    name: str
    owner: "weakref.ref[object]"


# What this process migrates, or the one that it was forked from.
_holds: dict[Path, _Hold] = {}


@contextmanager
def turn(deployment: Deployment, told: Callable[[str], None]) -> Iterator[Turn]:
    """Wait for a deployment's turn, and write down what becomes of it; `told` hears what is waited for."""
    alias, waited = deployment.alias, False
    deployment.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    while True:
        with ledger.opened(deployment.ledger) as file:
            ledger.lock(file, lambda: told(f"Waiting for the backup of {alias} that another process makes first."))
            entries = ledger.read(file)
            idle = _begin(deployment, known=deployment.name in entries)
            if idle is not None:
                found = _found(entries, deployment, idle=idle, waited=waited)
                try:
                    yield found
                except BaseException:
                    # Nothing is migrated, and what was another deployment's is still that one's.
                    found.backup = None
                    raise
                finally:
                    entry = {"at": clock.now().timestamp(), "backup": found.backup, "failed": found.failed}
                    ledger.write(file, {deployment.whole: entry, **entries, deployment.name: entry})
                return
        told(f"Waiting for another process that migrates {alias}.")
        with ledger.opened(deployment.active) as active:
            ledger.wait(active)
        waited = True


def last_sign(alias: str) -> None:
    """Note that a migration of this process has just ended well; what follows at once belongs to it."""
    for path, hold in list(_holds.items()):
        deployment = Deployment(path.parent, alias, hold.name, hold.name, None)
        if path != deployment.active:
            continue
        with suppress(OSError), ledger.opened(deployment.ledger) as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            entries = ledger.read(file)
            if hold.name in entries:
                ledger.write(file, {**entries, hold.name: {**entries[hold.name], "at": clock.now().timestamp()}})


def over(folder: Path, alias: str) -> None:
    """Let what is migrated from here on have a backup of its own: the database is another one."""
    path = Deployment(folder, alias, "", "", None).ledger
    if path.exists():
        with suppress(OSError), ledger.opened(path) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            ledger.write(file, {name: {"at": entry["at"], "backup": None} for name, entry in ledger.read(file).items()})


def backups_of(folder: Path, name: str) -> dict[str, str]:
    """Name the backups of a deployment by their aliases, whichever of its processes made them."""
    found = {}
    for path in folder.glob(".*+migrations"):
        with suppress(OSError), ledger.opened(path) as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            backup = ledger.read(file).get(name, {}).get("backup")
            if isinstance(backup, str):
                found[path.name[1:].removesuffix("+migrations")] = backup
    return found


def _begin(deployment: Deployment, *, known: bool) -> bool | None:
    """Begin to migrate; tell whether nobody did so until now, and None where another deployment does."""
    path = deployment.active
    hold = _holds.get(path)
    if hold is not None and hold.owner() is deployment.owner:
        # This very process, which cannot wait for itself.
        _holds[path] = replace(hold, name=deployment.name)
        return False
    if hold is not None:
        # What is left of an earlier command is no migration any more.
        _end(path, hold.descriptor)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        idle = True
    except BlockingIOError:
        idle = False
    if not idle and not known:
        os.close(descriptor)
        return None
    # Whoever holds it alone waits for nothing meanwhile, so that this cannot take long.
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    _holds[path] = _Hold(descriptor, deployment.name, weakref.ref(deployment.owner))
    weakref.finalize(deployment.owner, _end, path, descriptor)
    return idle


def _end(path: Path, descriptor: int) -> None:
    # Closed and not unlocked: what was forked meanwhile shares the lock, and may still migrate.
    if path in _holds and _holds[path].descriptor == descriptor:
        del _holds[path]
        os.close(descriptor)


def _revision(name: str) -> str:
    return name.rpartition(" ")[2]


def _found(entries: dict[str, Any], deployment: Deployment, *, idle: bool, waited: bool) -> Turn:
    entry = entries.get(deployment.name)
    if entry is None and waited and deployment.name == deployment.whole:
        # The one that was waited for is the same deployment, on another machine or in another container.
        same = [one for name, one in entries.items() if _revision(name) == _revision(deployment.whole)]
        entry = max(same, key=lambda one: one["at"], default=None)
    if entry is None or (idle and not waited and clock.now().timestamp() - entry["at"] > _LULL_SECONDS):
        return Turn(waited=waited)
    return Turn(entry.get("backup"), bool(entry.get("failed")), waited)
