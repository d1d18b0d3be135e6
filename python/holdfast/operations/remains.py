"""Finds and removes what uploads that died left in a store: no listing shows it, and it costs money."""

import time
from typing import Any

from holdfast import _core, conf, places
from holdfast.inventory import Remain
from holdfast.operations.session import own_errors
from holdfast.progress import OnEvent, silent
from holdfast.stores import LOCAL

# What is younger may belong to a run at work, on whatever machine: an upload of terabytes takes hours.
_A_DAY_SECONDS = 86_400


def find_remains(*, location: str = LOCAL, on_event: OnEvent | None = None) -> tuple[Remain, ...]:
    """Give what is older than a day and belongs to no backup; a folder cleans itself before each backup."""
    return _remains(location, on_event, remove=False)


def remove_remains(*, location: str = LOCAL, on_event: OnEvent | None = None) -> tuple[Remain, ...]:
    """Remove it, and give what there was."""
    return _remains(location, on_event, remove=True)


def _remains(location: str, on_event: OnEvent | None, *, remove: bool) -> tuple[Remain, ...]:
    configuration = conf.load()
    found: list[Remain] = []
    with own_errors():
        for name in places.names(configuration, location):
            plan: dict[str, Any] = {
                "store": places.store(configuration, name),
                "before": int(time.time()) - _A_DAY_SECONDS,
                "remove": remove,
            }
            document = _core.remains(plan, on_event or silent)
            found += [Remain(name, file["name"], "file", file["size"]) for file in document["files"]]
            found += [Remain(name, upload["name"], "unfinished upload", None) for upload in document["uploads"]]
    return tuple(found)
