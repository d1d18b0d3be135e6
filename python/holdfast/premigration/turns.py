"""Who migrates when: one backup for one deployment, the state before its first migration.

Hidden files beside the backups. The ledger says which deployment has which backup. It is locked while one looks, and
while the backup is made: what runs beside it waits, and finds it. Another one is locked by whoever migrates, until its
outermost command ends, so that a deployment from elsewhere waits; the third only while a `migrate` runs, so that nobody
waits for a command that migrated once and lives on. The locks end with their processes.
"""

import fcntl
import os
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from django.db import connections

from holdfast import clock
from holdfast.exceptions import HoldfastError
from holdfast.folder import prepare
from holdfast.ordinary_files import held_open
from holdfast.premigration import ledger
from holdfast.premigration.deployment import (
    Deployment,
    Turn,
    is_kin,
    is_newest,
    is_over,
    look_up,
    named,
    process_of,
    write,
)
from holdfast.premigration.ledger import Entries

Told = Callable[[str], None]


@dataclass(frozen=True)
class _Hold:
    """The lock of a deployment that migrates."""

    # Closes its file: once, at the end of its command or before. What was forked keeps the lock.
    lock: "weakref.finalize[..., object]"
    name: str
    owner: "weakref.ref[object]"
    process: int


# What this process migrates, or the one that it was forked from.
_holds: dict[Path, _Hold] = {}
_runs: "dict[Path, weakref.finalize[..., object]]" = {}


@contextmanager
def turn(deployment: Deployment, found: Turn, told: Told) -> Iterator[None]:
    """Wait for a deployment's turn, find what there is, and write down what becomes of it; `told` hears of waiting."""
    alias = deployment.alias
    prepare(deployment.folder)
    while True:
        with held_open(deployment.ledger) as file:
            ledger.lock(file, lambda: told(f"Waiting for the backup of {alias} that another process makes first."))
            entries = ledger.read(file)
            quiet = _begin(deployment, entries, told)
            if quiet is not None:
                if entries.get(deployment.name, {}).get("stopped"):
                    raise HoldfastError("migrate_safely has failed in another process, and goes back")
                look_up(entries, deployment, found, quiet=quiet)
                try:
                    yield
                except BaseException:
                    # Nothing is migrated, and what was another deployment's is still that one's.
                    if found.failed:
                        write(file, entries, deployment, None, failed=True)
                    raise
                write(file, entries, deployment, found.backup, failed=found.failed)
                return
        if not found.waited:
            told(f"Waiting for another process that migrates {alias}{process_of(entries)}.")
        found.waited = True
        ledger.wait()


def last_sign(alias: str) -> None:
    """Note that a migration of this process has just ended well; what follows at once belongs to it."""
    for path, hold in list(_holds.items()):
        deployment = Deployment(path.parent, alias, hold.name, hold.name, None, None)
        if path != deployment.active:
            continue
        with suppress(OSError), held_open(deployment.ledger) as file:
            if ledger.lock_soon(file):
                entries = ledger.read(file)
                own, now = entries.get(hold.name, {}).get("backup"), clock.now().timestamp()
                # A `migrate_safely` shares its backup with the process tree that it is a part of.
                ended = {name for name, entry in entries.items() if own and entry.get("backup") == own}
                signs = {name: {**entries[name], "at": now} for name in ended | ({hold.name} & entries.keys())}
                ledger.write(file, {**entries, **signs})
    end_run(alias)


def end_run(alias: str) -> None:
    """Note that nothing of this process migrates any more, or that nothing will."""
    for path in [path for path in _runs if path.name == f".{alias}+running"]:
        _runs.pop(path)()


def over(folder: Path, alias: str) -> None:
    """Let what is migrated from here on have a backup of its own: the database is another one."""
    path = Deployment(folder, alias, "", "", None, None).ledger
    if path.exists():
        with suppress(OSError), held_open(path) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            entries = ledger.read(file)
            ledger.write(file, {name: {**one, "backup": None, "failed": False} for name, one in entries.items()})


def stop(folder: Path, name: str) -> dict[str, str]:
    """Let no process of a deployment go on; name its backups by their aliases, whichever of its processes made them."""
    found: dict[str, str] = {}
    for path in folder.glob(".*+migrations"):
        alias = path.name[1:].removesuffix("+migrations")
        if alias not in connections:
            continue
        with suppress(OSError), held_open(path) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            entries, start = ledger.read(file), named(name, alias, None)
            own = {key: {**entry, "stopped": True} for key, entry in entries.items() if key.startswith(start)}
            ledger.write(file, {**entries, **own})
            for entry in own.values():
                if entry.get("backup"):
                    found[alias] = entry["backup"]
    return found


def _begin(deployment: Deployment, entries: Entries, told: Told) -> bool | None:
    """Begin to migrate; tell whether no `migrate` ran until now, and None where another deployment must end first."""
    path = deployment.active
    end_run(deployment.alias)
    quiet = ledger.is_free(deployment.running)
    hold = _holds.get(path)
    if hold is not None and hold.process != os.getpid() and hold.owner() is deployment.owner:
        # Forked from the process that migrates, which may wait for this one.
        _holds[path] = replace(hold, name=deployment.name)
    else:
        if hold is not None:
            _holds.pop(path).lock()
        descriptor = ledger.open_file(path)
        if not ledger.try_lock(descriptor) and not _may_join(deployment, entries, told, quiet=quiet):
            os.close(descriptor)
            return None
        owner = deployment.owner
        _holds[path] = _Hold(_shared(descriptor, owner), deployment.name, weakref.ref(owner), os.getpid())
    _runs[deployment.running] = _shared(ledger.open_file(deployment.running), deployment.run)
    return quiet


def _may_join(deployment: Deployment, entries: Entries, told: Told, *, quiet: bool) -> bool:
    """Tell whether this one need not wait, though the command of another process that migrated has not ended."""
    if is_newest(entries, deployment) or (quiet and is_kin(entries, deployment)):
        return True
    joins = quiet and all(is_over(entry) for entry in entries.values())
    if joins:
        who = process_of(entries)
        told(f"The command that migrated {deployment.alias}{who} goes on, but migrates nothing: not waiting for it.")
    return joins


def _shared(descriptor: int, owner: object) -> "weakref.finalize[..., object]":
    """Lock it beside others for as long as its owner is there."""
    # Whoever holds it alone holds the ledger, so that this cannot take long.
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return weakref.finalize(owner, os.close, descriptor)
