"""The Rust half: one plan in, one report out; all errors are those of `holdfast.exceptions`."""

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeAlias, final

_Document: TypeAlias = dict[str, Any]
_OnEvent: TypeAlias = Callable[[_Document], None]

__all__ = [
    "Lock",
    "__version__",
    "backup",
    "choose_strategy",
    "clean_litter",
    "drop_kept",
    "find_backup",
    "forget_run",
    "is_committing",
    "kept_databases",
    "list_backups",
    "preview",
    "read_manifest",
    "remove_backup",
    "restore",
    "retention",
    "set_status",
    "undo_restore",
    "validate",
]

__version__: str

def backup(plan: _Document, on_event: _OnEvent) -> _Document:
    """Make the backup; gives its manifest without chunks and objects, and path, stored_size, seconds."""

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

def read_manifest(path: str) -> _Document:
    """Give the whole manifest."""

def list_backups(folder: str) -> list[_Document]:
    """Give every finished backup, the newest first: manifest, path, stored_size, rows, status, problem, good."""

def find_backup(folder: str, selector: str, alias: str | None) -> _Document:
    """Give the one backup that a path, name, id, unique prefix or `latest` means, as `list_backups` shows it."""

def retention(plan: _Document) -> list[_Document]:
    """Decide which backups stay (policy, backups, now in the plan): path, name, alias, keep, reasons for each."""

def remove_backup(path: str) -> None:
    """Remove a backup with all that stands beside it; no part is left that could pass for a backup."""

def set_status(path: str, change: _Document | str) -> _Document:
    """Remember {"pin": reason}, "unpin" or {"verified": {at, how, ok, problems}}; gives the whole status."""

def clean_litter(folder: str, alias: str) -> list[str]:
    """Remove the temporary files of runs that died; gives their names."""

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
