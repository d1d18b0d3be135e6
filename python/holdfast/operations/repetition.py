"""Finds out whether a new backup says anything new.

There is no cheaper proof than to read everything: counters of changes are lost in a crash, and times of files can stand
still. So the backup is made, compared with an earlier one, and removed where it is equal: in every row (as fingerprints
tell), in every definition, in every position of a sequence. Holdfast's own table is left out, or the record of the last
run would be news for the next.
"""

import sqlite3
from contextlib import closing
from typing import Any

from holdfast import _core, conf, databases, places, plans
from holdfast.conf import Configuration
from holdfast.exceptions import BackupNotFound
from holdfast.history import recorded
from holdfast.history.table import NAME as HISTORY
from holdfast.inventory import Backup
from holdfast.operations.choice import locate
from holdfast.operations.session import exclusive, private_file
from holdfast.progress import silent
from holdfast.reports import Report
from holdfast.sqlite.live import Access, uri
from holdfast.stores import LOCAL

# What differs between two backups of one state.
_OF_THE_RUN = frozenset({"id", "name", "kind", "created", "seconds", "creator", "chunks_sha256", "raw_size", "file"})
_OF_THE_FILE = frozenset({"page_count", "freelist_count", "snapshot"})


def discard_repetition(report: Report, earlier: Backup) -> bool:
    """Remove a backup that was just made where an earlier one holds the same; tells whether it did."""
    configuration = conf.load()
    with exclusive(configuration.directory, report.alias, "comparing"):
        new = locate(configuration, report.name, None, LOCAL)
        old = _still_there(configuration, earlier)
        if new["status"].get("pinned") or old is None:
            return False
        place = places.place(configuration, new)
        if not _equal(configuration, place, places.place(configuration, old)):
            return False
        with recorded("backup", report.alias, kind=report.kind, backup=earlier.name) as run:
            _core.remove_backup(place, silent)
            run.result = "unchanged"
        return True


def _still_there(configuration: Configuration, earlier: Backup) -> dict[str, Any] | None:
    # A cleanup may have come between.
    try:
        found = locate(configuration, earlier.name, None)
    except BackupNotFound:
        return None
    return found if found["stands_for_database"] else None


def _equal(configuration: Configuration, one: dict[str, Any], other: dict[str, Any]) -> bool:
    manifests = [_core.read_manifest(place, silent) for place in (one, other)]
    contents = [_content(manifest) for manifest in manifests]
    if contents[0] != contents[1]:
        return False
    if manifests[0]["payload"] != "sqlite3" or _pages(manifests[0]) == _pages(manifests[1]):
        return True
    # The definitions stand among the pages, and some pages differ.
    alias = manifests[0]["alias"]
    return _definitions(configuration, alias, one) == _definitions(configuration, alias, other)


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


def _definitions(configuration: Configuration, alias: str, place: dict[str, Any]) -> list[tuple[Any, ...]]:
    connection = databases.connection_of_engine(alias, "sqlite")
    with private_file(configuration.directory, alias) as file:
        plan = plans.restore_plan(connection, configuration, place, {})
        plan["target"].update(file=str(file), page_size=None)
        _core.restore(plan, silent)
        with closing(sqlite3.connect(uri(file, Access.READ), uri=True)) as private:
            query = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2"
            found: list[tuple[Any, ...]] = private.execute(query).fetchall()
            return found
