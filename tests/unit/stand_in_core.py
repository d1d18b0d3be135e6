"""A stand-in for `holdfast._core`: remembers what it was asked and gives documents of the right shape.

It proves nothing about backups; it lets tests see what commands print, ask and refuse.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Self

import pytest

import holdfast
from holdfast.exceptions import BackupNotFound

_DEPENDENT = ("holdfast.operations", "holdfast.management.commands.")


@contextmanager
def installed_stand_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Put the stand-in where the Rust module is, and take everything away that has seen it."""
    stand_in = _stand_in()
    _forget_dependents()
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "holdfast._core", stand_in)
        patch.setattr(holdfast, "_core", stand_in, raising=False)
        yield stand_in
    _forget_dependents()


def _forget_dependents() -> None:
    for name in [name for name in sys.modules if name.startswith(_DEPENDENT)]:
        del sys.modules[name]


def manifest(name: str = "default_manual_20261121T020000Z.sqlite3.gz", **changes: Any) -> dict[str, Any]:
    return {
        "format_version": 1,
        "id": "0123456789abcdef",
        "name": name,
        "path": f"/backups/{name}",
        "location": "local",
        "missing": [],
        "alias": "default",
        "kind": "manual",
        "created": "2026-11-21T02:00:00Z",
        "content": "full",
        "database": {"engine": "sqlite", "name": "shop.sqlite3", "server_version": "3.51.3"},
        "django": {"django": "5.2.1", "migrations": {}, "models": {"shop.Order": {"table": "shop_order"}}},
        "tables": [{"name": "shop_order", "all_columns": ["id", "city"], "rows": 5}],
        "rows": 5,
        "raw_size": 12_000_000,
        "stored_size": 4_100_000,
        "seconds": 1.234,
        "status": {},
        "problem": None,
        "unpacked": None,
        "good": True,
        "late": False,
        "lacks": [],
        "is_of_the_future": False,
        "stands_for_database": True,
        **changes,
    }


def made(name: str = "default_manual_20261121T020000Z.sqlite3.gz", **changes: Any) -> dict[str, Any]:
    names = ("id", "name", "path", "location", "missing", "alias", "kind", "created", "rows")
    sizes = ("raw_size", "stored_size", "seconds")
    known = manifest(name)
    return {**{key: known[key] for key in names + sizes}, "engine": "sqlite", "tables": 1, "skipped": [], **changes}


def found_status(change: dict[str, Any] | str) -> dict[str, Any]:
    return {"pinned": change["pin"]} if isinstance(change, dict) and "pin" in change else {}


class _Lock:
    def __init__(self, folder: str, alias: str, purpose: str) -> None:
        self.about = (folder, alias, purpose)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_arguments: object) -> None:
        pass


def _stand_in() -> ModuleType:
    core = ModuleType("holdfast._core")
    core.__version__ = "0.0.0"
    core.calls = []
    core.backups = [manifest()]
    core.is_committing = lambda: False
    core.forget_run = lambda: None
    core.validation = {
        "ok": True,
        "checks": [],
        "problems": [],
        "warnings": [],
        "deep": False,
        "seconds": 0.5,
        "name": "",
    }

    def backup(plan: dict[str, Any], on_event: Any) -> dict[str, Any]:
        core.calls.append(("backup", plan))
        on_event({"event": "progress", "rows": 5, "bytes": 100})
        return made(f"{plan['alias']}_{plan['kind']}_20261121T030000Z.sqlite3.gz", kind=plan["kind"])

    def restore(plan: dict[str, Any], _on_event: Any) -> dict[str, Any]:
        core.calls.append(("restore", plan))
        Path(plan["target"]["file"]).write_bytes(Path(core.private).read_bytes())
        return {
            "rows": 5,
            "tables": 1,
            "seconds": 0.5,
            "verified": "counts",
            "warnings": [],
            "kept": None,
            "unfilled": [],
        }

    def validate(plan: dict[str, Any], _on_event: Any) -> dict[str, Any]:
        core.calls.append(("validate", plan))
        return core.validation

    def find_backup(plan: dict[str, Any], _on_event: Any) -> dict[str, Any]:
        selector = plan["selector"]
        found = [found for found in core.backups if selector in ("latest", found["name"], found["path"], found["id"])]
        if not found:
            message = f"there is no backup {selector!r}"
            raise BackupNotFound(message, "See `manage.py list_backups`.")
        return found[0]

    def retention(plan: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {
                "name": each["name"],
                "alias": each["alias"],
                "keep": index == 0,
                "reasons": ["newest"] if index == 0 else ["not kept by any rule"],
            }
            for index, each in enumerate(plan["backups"])
        ]

    core.backup, core.restore, core.validate = backup, restore, validate
    core.find_backup, core.retention, core.Lock = find_backup, retention, _Lock
    core.list_backups = lambda _plan, _on_event: core.backups
    core.read_manifest = lambda place, on_event: find_backup({"selector": place["name"]}, on_event)
    core.remains = lambda _plan, _on_event: {"files": [], "uploads": []}
    core.clean_litter = lambda _folder, _alias: []
    core.remove_backup = lambda place, _on_event: core.calls.append(("remove", place))
    core.set_status = lambda plan, _on_event: core.calls.append(("status", plan)) or found_status(plan["change"])
    return core
