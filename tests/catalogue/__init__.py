"""Every kind of object that a PostgreSQL database can hold, one declarative entry each: a file is a group, and found by itself."""

import pkgutil
from importlib import import_module

from tests.catalogue.entry import Entry

# What stands beside the groups.
APPARATUS = {"entry", "modes", "trial", "kinds"}


def entries() -> list[Entry]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name not in APPARATUS)
    found: list[Entry] = [entry for name in names for entry in import_module(f"{__name__}.{name}").ENTRIES]
    twice = {entry.name for entry in found if sum(other.name == entry.name for other in found) > 1}
    assert not twice, f"several entries are called {sorted(twice)}"
    return found
