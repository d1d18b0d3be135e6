"""The Rust half: one plan in, one report out; all errors are those of `holdfast.exceptions`."""

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeAlias, final

_Document: TypeAlias = dict[str, Any]
_OnEvent: TypeAlias = Callable[[_Document], None]

__all__ = [
    "Lease",
    "Lock",
    "__version__",
    "backup",
    "choose_strategy",
    "clean_litter",
    "compare_stores",
    "copy_backup",
    "drop_kept",
    "find_backup",
    "forget_run",
    "is_committing",
    "kept_databases",
    "lifecycle",
    "link",
    "list_backups",
    "preview",
    "probe_store",
    "read_manifest",
    "remains",
    "remove_backup",
    "restore",
    "retention",
    "set_status",
    "undo_restore",
    "validate",
]

__version__: str

def backup(plan: _Document, on_event: _OnEvent) -> _Document:
    """Make the backup; gives what is told of it: names, sizes, the number of tables and rows, skipped, missing."""

def preview(plan: _Document, on_event: _OnEvent) -> _Document:
    """Tell what a restore into PostgreSQL would do: how, tables, drops, creates, keeps, warnings."""

def choose_strategy(plan: _Document, on_event: _OnEvent) -> _Document:
    """Tell how `restore` would go: strategy, reason."""

def restore(plan: _Document, on_event: _OnEvent) -> _Document:
    """Restore; on SQLite build the private file only. Gives rows, tables, seconds, verified, warnings, kept."""

def kept_databases(plan: _Document, on_event: _OnEvent) -> list[_Document]:
    """Give the databases that were put aside, the newest first: name, since, size of each."""

def undo_restore(plan: _Document, on_event: _OnEvent) -> _Document:
    """Swap the live database with the one that the plan names; gives what was live as it is kept now."""

def drop_kept(plan: _Document, on_event: _OnEvent) -> _Document:
    """Drop those that the plan names: dropped (names) and failures (messages)."""

def validate(plan: _Document, on_event: _OnEvent) -> _Document:
    """Prove a backup; a bad one gives ok=False and problems. Gives ok, checks, problems, warnings, deep, seconds."""

def is_committing() -> bool:
    """Tell whether the run that began last has passed the point from which it cannot be taken back."""

def forget_run() -> None:
    """Let go of the run that began last: what comes next can be stopped again."""

def copy_backup(plan: _Document, on_event: _OnEvent) -> _Document:
    """Bring a backup to a store, every byte compared on its way; gives name, size. One that is there is compared."""

def compare_stores(plan: _Document, on_event: _OnEvent) -> list[_Document]:
    """Tell what a sync would do with each backup of a store: name, alias, size, action, reason."""

def probe_store(plan: _Document, on_event: _OnEvent) -> _Document:
    """Try a store out: steps (name, ok, message, hint), rates, clock_skew_seconds, warnings, unknown."""

def lifecycle(plan: _Document, on_event: _OnEvent) -> _Document:
    """Tell which lifecycle rules a bucket should have; with `apply` add what it lacks: rules, dangers, applied."""

def read_manifest(plan: _Document, on_event: _OnEvent) -> _Document:
    """Give the whole manifest of a backup in its store."""

def list_backups(plan: _Document, on_event: _OnEvent) -> list[_Document]:
    """Give every backup of these stores, the newest first: manifest, location, path, sizes, rows, status, problem."""

def find_backup(plan: _Document, on_event: _OnEvent) -> _Document:
    """Give the one backup that a path, name, id, unique prefix or `latest` means, as `list_backups` shows it."""

def retention(plan: _Document) -> list[_Document]:
    """Decide which backups stay (policy, backups, now in the plan): name, alias, keep, reasons for each."""

def remove_backup(plan: _Document, on_event: _OnEvent) -> None:
    """Remove a backup with all that stands beside it; no part is left that could pass for a backup."""

def set_status(plan: _Document, on_event: _OnEvent) -> _Document:
    """Remember {"pin": reason}, "unpin" or {"verified": {at, how, ok, problems}}; gives the whole status."""

def link(plan: _Document, on_event: _OnEvent) -> str:
    """Give an address from which anybody who has it can fetch the backup for so many seconds."""

def remains(plan: _Document, on_event: _OnEvent) -> _Document:
    """Find what dead uploads left in a store, and remove it where the plan says so: files, uploads."""

def clean_litter(folder: str, alias: str) -> list[str]:
    """Remove the temporary files of runs that died; gives their names."""

@final
class Lease:
    """One host among those that share this store; raises LockHeld naming the holder, takes over what has expired."""

    def __new__(cls, plan: _Document, on_event: _OnEvent) -> Self: ...
    @property
    def lost(self) -> str | None:
        """Who took it over, where it could not be renewed in time."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

@final
class Lock:
    """One run per database and folder; raises LockHeld naming the holder, takes over a dead holder's lock."""

    def __new__(cls, folder: str, alias: str, purpose: str) -> Self: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
