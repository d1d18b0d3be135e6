"""Lets the project itself look at a backup that came back: the checks of `HOLDFAST["DRILL_CHECKS"]`."""

from importlib import import_module
from typing import Any

from holdfast import _core, conf, databases
from holdfast.operations import scratch
from holdfast.progress import OnEvent
from holdfast.reports import Check
from holdfast.visible import visible

_LONGEST = 500


def look(place: dict[str, Any], alias: str, drill: dict[str, Any], on_event: OnEvent) -> list[Check]:
    """Restore a backup that is known to come back exactly once more, and call the project's checks on it.

    What they find is about the data, which the backup holds as it was: nothing against the backup.
    """
    paths = conf.load().drill_checks
    if not paths:
        return []
    manifest = _core.read_manifest(place, on_event)
    connection = databases.connection_of_engine(alias, manifest["database"]["engine"])
    with scratch.restored(connection, place, manifest["id"], drill.get("trusted_roles", ()), on_event):
        return [_run(path) for path in paths]


def _run(path: str) -> Check:
    """Run a check of the project; whatever it raises is what it has found."""
    try:
        module, _, name = path.rpartition(".")
        getattr(import_module(module), name)(scratch.ALIAS)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - it is not our code, and every error is a finding
        return Check(path, ok=False, detail=_said(error))
    return Check(path, ok=True, detail="held")


def _said(error: BaseException) -> str:
    # It becomes a line of ours, and stands beside the backup: whatever it is, it must be short, and text.
    try:
        text = f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - nor is its `__str__` our code
        text = type(error).__name__
    return visible(text)[:_LONGEST]
