"""Finds out whether a new backup says anything new.

There is no cheaper proof than to read everything: counters of changes are lost in a crash, and times of files can stand
still. So the backup is made, compared with an earlier one, and removed where it is equal: in every row (as fingerprints
tell), in every definition, in every position of a sequence. Holdfast's own table is left out, or the record of the last
run would be news for the next.
"""

from contextlib import closing
from pathlib import Path
from typing import Any

from holdfast import _core, conf, databases, plans
from holdfast.conf import Configuration
from holdfast.history.table import NAME as HISTORY
from holdfast.inventory import Backup
from holdfast.operations.session import exclusive, private_file
from holdfast.progress import silent
from holdfast.reports import Report
from holdfast.sqlite import live

# What differs between two backups of one state.
_OF_THE_RUN = frozenset({"id", "name", "kind", "created", "seconds", "creator", "chunks_sha256", "raw_size", "file"})
_OF_THE_FILE = frozenset({"page_count", "freelist_count", "snapshot"})


def discard_repetition(report: Report, earlier: Backup) -> bool:
    """Remove a backup that was just made where an earlier one holds the same; tells whether it did."""
    configuration = conf.load()
    with exclusive(configuration.directory, report.alias, "comparing"):
        # A cleanup may have come between, or somebody who pinned the new one.
        known = {Path(document["path"]): document for document in _core.list_backups(str(configuration.directory))}
        new, old = known.get(report.path), known.get(earlier.path)
        if new is None or new["status"].get("pinned") or old is None or not old["good"]:
            return False
        if not _equal(configuration, report.path, earlier.path):
            return False
        _core.remove_backup(str(report.path))
        return True


def _equal(configuration: Configuration, one: Path, other: Path) -> bool:
    manifests = [_core.read_manifest(str(path)) for path in (one, other)]
    contents = [_content(manifest) for manifest in manifests]
    if contents[0] != contents[1]:
        return False
    if manifests[0]["payload"] != "sqlite3" or _pages(manifests[0]) == _pages(manifests[1]):
        return True
    # The definitions stand among the pages, and some pages differ.
    return _definitions(configuration, one) == _definitions(configuration, other)


def _content(manifest: dict[str, Any]) -> dict[str, Any]:
    content = {name: value for name, value in manifest.items() if name not in _OF_THE_RUN}
    content["tables"] = [
        {**table, "rows": None, "fingerprint": None} if table["name"] == HISTORY else table
        for table in manifest["tables"]
    ]
    # Rows stand in the order in which connections came upon them; their fingerprints do not.
    content["chunks"] = [
        (chunk["section"], chunk["raw_size"], chunk["sha256"])
        for chunk in manifest["chunks"]
        if chunk["section"] not in {"data", "pages"}
    ]
    content["objects"] = [
        {name: value for name, value in described.items() if name not in {"chunk", "offset"}}
        for described in manifest.get("objects", ())
    ]
    database = manifest["database"]
    properties = {name: value for name, value in database.get("properties", {}).items() if name not in _OF_THE_FILE}
    content["database"] = {**database, "properties": properties}
    return content


def _pages(manifest: dict[str, Any]) -> list[str]:
    return [chunk["sha256"] for chunk in manifest["chunks"]]


def _definitions(configuration: Configuration, backup: Path) -> list[tuple[Any, ...]]:
    manifest = _core.read_manifest(str(backup))
    connection = databases.connection_of_engine(manifest["alias"], "sqlite")
    with private_file(configuration.directory, manifest["alias"]) as file:
        plan = plans.restore_plan(connection, configuration, backup, {})
        plan["target"].update(file=str(file), page_size=None)
        _core.restore(plan, silent)
        with closing(live.private_file(connection, file, live.Access.READ)) as private:
            found: list[tuple[Any, ...]] = private.execute(
                "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2"
            ).fetchall()
            return found
