"""Keeps backups from the retention policy, and gives them back to it."""

from collections.abc import Mapping
from typing import Any

from holdfast import _core, conf, places
from holdfast.conf import Configuration
from holdfast.exceptions import PartlyDone, StoreError
from holdfast.inventory import Backup
from holdfast.operations.choice import locate
from holdfast.operations.session import own_errors
from holdfast.progress import silent
from holdfast.stores import ALL


def pin(selector: str, reason: str = "by hand", *, location: str = ALL) -> Backup:
    """Keep a backup whatever the retention policy says, until it is unpinned."""
    return _remember(selector, location, {"pin": reason})


def unpin(selector: str, *, location: str = ALL) -> Backup:
    """Leave a backup to the retention policy again."""
    return _remember(selector, location, "unpin")


def _remember(selector: str, location: str, change: dict[str, Any] | str) -> Backup:
    with own_errors():
        configuration = conf.load()
        found = locate(configuration, selector, None, location)
        status = _core.set_status({"backup": places.place(configuration, found), "change": change}, silent)
        # A retention judges each place by itself: a copy that is not told of a pin would go.
        for name in places.names(configuration, location):
            if name != found["location"]:
                _remember_copy(configuration, name, found, change)
        return Backup.from_document({**found, "status": status})


def _remember_copy(
    configuration: Configuration, location: str, found: Mapping[str, Any], change: dict[str, Any] | str
) -> None:
    store = places.store(configuration, location)
    try:
        for copy in _core.list_backups(places.question([store]), silent):
            if (copy["name"], copy.get("id")) == (found["name"], found.get("id")):
                _core.set_status({"backup": {"store": store, "name": copy["name"]}, "change": change}, silent)
    except StoreError as error:
        raise PartlyDone(
            f"done for {found['name']} in {found['location']}, not for a copy in {location}: {error.message}",
            "Run the command again when the store can be reached.",
        ) from error
