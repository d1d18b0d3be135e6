"""Finds out whether a new backup says anything new.

There is no cheaper proof than to read everything: counters of changes are lost in a crash, and times of files can stand
still. So the backup is made, compared by what its manifest has of every row, every definition and every position of a
sequence, and removed where it is equal.
"""

from pathlib import Path
from typing import Any

from holdfast import _core, conf
from holdfast.inventory import Backup
from holdfast.operations.choice import locate
from holdfast.operations.session import exclusive
from holdfast.reports import Report

# What differs between two backups of one state.
_OF_THE_RUN = frozenset({"id", "name", "kind", "created", "seconds", "creator", "chunks", "chunks_sha256", "file"})


def discard_repetition(report: Report, earlier: Backup) -> bool:
    """Remove a backup that was just made where an earlier one holds the same; tells whether it did."""
    configuration = conf.load()
    with exclusive(configuration.directory, report.alias, "comparing"):
        found = locate(configuration, str(report.path), None)
        if found["status"].get("pinned") or not _is_there(earlier.path):
            return False
        if _content(report.path) != _content(earlier.path):
            return False
        _core.remove_backup(str(report.path))
        return True


def _is_there(path: Path) -> bool:
    # A cleanup may have come between; then the new one is the only one.
    return any(document["path"] == str(path) and document["good"] for document in _core.list_backups(str(path.parent)))


def _content(path: Path) -> dict[str, Any]:
    manifest = _core.read_manifest(str(path))
    content = {name: value for name, value in manifest.items() if name not in _OF_THE_RUN}
    # Rows stand in the order in which connections came upon them; their fingerprints do not.
    content["digests"] = [
        (chunk["section"], chunk["raw_size"], chunk["sha256"])
        for chunk in manifest["chunks"]
        if chunk["section"] != "data"
    ]
    content["objects"] = [
        {name: value for name, value in described.items() if name not in {"chunk", "offset"}}
        for described in manifest.get("objects", ())
    ]
    content["database"].get("properties", {}).pop("snapshot", None)
    return content
