"""Lets the project itself look at a backup that came back: the checks of `HOLDFAST["DRILL_CHECKS"]`."""

from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module
from typing import Any

from holdfast import _core, conf, databases
from holdfast.operations import scratch
from holdfast.progress import OnEvent
from holdfast.reports import Check


def prove(plan: dict[str, Any], alias: str, on_event: OnEvent) -> dict[str, Any]:
    """Validate as the plan says; in a drill, the project's own checks have the last word on a good backup."""
    document = _core.validate(plan, on_event)
    paths = conf.load().drill_checks
    if plan["drill"] is None or not document["ok"] or not paths:
        return document
    # Restored once more: whether an error speaks against the backup or against the server is for the core to judge,
    # and what it restores is gone when it has.
    checks = _look(plan["backup"], alias, paths, on_event)
    problems = [f"{check.name}: {check.detail}" for check in checks if not check.ok]
    return {
        **document,
        "ok": not problems,
        "problems": problems,
        "checks": [*document["checks"], *(asdict(check) for check in checks)],
    }


def _look(place: dict[str, Any], alias: str, paths: Sequence[str], on_event: OnEvent) -> list[Check]:
    manifest = _core.read_manifest(place, on_event)
    connection = databases.connection_of_engine(alias, manifest["database"]["engine"])
    with scratch.restored(connection, place, manifest["id"], on_event):
        return [_run(path) for path in paths]


def _run(path: str) -> Check:
    """Run a check of the project; whatever it raises is what it has found."""
    try:
        module, _, name = path.rpartition(".")
        getattr(import_module(module), name)(scratch.ALIAS)
    except Exception as error:  # noqa: BLE001 - it is not our code, and every error is a finding
        return Check(path, ok=False, detail=f"{type(error).__name__}: {error}")
    return Check(path, ok=True, detail="held")
