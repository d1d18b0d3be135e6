"""Where backups live, in the shape that the core wants: `StorePlan` and `PlacePlan` in `src/plan.rs`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from holdfast import clock
from holdfast.conf import Configuration
from holdfast.stores import ALL, LOCAL, named

# What the path of a file may lead to: a backup as it was made, or what one holds, decompressed, too.
Files = Literal["packed", "any"]


def folder(path: Path) -> dict[str, Any]:
    """Give a folder of this machine as a store."""
    return {"kind": "folder", "path": str(path)}


def store(configuration: Configuration, location: str) -> dict[str, Any]:
    """Give the folder, or the store of this name."""
    if location == LOCAL:
        return folder(configuration.directory)
    return named(configuration.stores, location).plan(configuration.directory)


def names(configuration: Configuration, location: str) -> list[str]:
    """Name the one location, or all, the folder first: what is near is better than what is far."""
    if location == ALL:
        return [LOCAL, *(store.name for store in configuration.stores)]
    return [location]


def far(configuration: Configuration, location: str) -> list[str]:
    """Name those among them that are not on this machine."""
    return [name for name in names(configuration, location) if name != LOCAL]


def stores(configuration: Configuration, locations: Sequence[str]) -> list[dict[str, Any]]:
    """Give several stores."""
    return [store(configuration, location) for location in locations]


def question(
    stores: Sequence[dict[str, Any]], selector: str | None = None, alias: str | None = None, files: Files = "packed"
) -> dict[str, Any]:
    """Give what the core is asked for backups, all of them or the one that is meant: `SearchPlan`."""
    return {
        "stores": stores,
        "selector": selector,
        "alias": alias,
        "now": clock.utc_text(clock.now()),
        "files": files,
    }


def place(configuration: Configuration, found: Mapping[str, Any]) -> dict[str, Any]:
    """Give the place of a backup that the core has listed; a local one may be outside of our folder."""
    here = folder(Path(found["path"]).parent) if found["path"] is not None else store(configuration, found["location"])
    origin = (found.get("unpacked") or {}).get("from")
    return {
        "store": here,
        "name": found["name"],
        "unpacked_from": place(configuration, origin) if origin else None,
    }
