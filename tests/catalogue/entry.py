"""What one line of the catalogue says."""

from dataclasses import dataclass
from typing import Literal

# How a backup is taken or restored. What a mode does is in modes.py.
ModeName = Literal["full", "owners", "psql", "swap", "schema-only", "data-only", "one-table", "one-schema"]

# For owners and grants: `full` alone leaves them out.
ONLY_WITH_OWNERS: frozenset[ModeName] = frozenset({"full"})
# For rows, large objects, positions of sequences and what fills materialized views.
ONLY_WITH_ROWS: frozenset[ModeName] = frozenset({"schema-only"})
# For what is in no schema: extensions, casts, languages, large objects, …
ONLY_WITH_ALL: frozenset[ModeName] = frozenset({"one-schema"})


@dataclass(frozen=True)
class Entry:
    """An object that must come back. `create` may hold several statements; a superuser runs them in a session of their own."""

    # Unique; lower case with underscores. What the entry creates is in the schema `cat_<name>`, or is named so itself.
    name: str
    create: str
    # A regular expression that pg_dump's text of the restored database must match exactly as often as the original's.
    shows: str
    # Majors that know it, both included.
    since: int = 14
    until: int = 99
    # Modes in which it must not appear.
    absent: frozenset[ModeName] = frozenset()
    # `schema.table`: what --table gets in the mode `one-table`. Where its schema and the extensions stand, it needs
    # nothing else. An entry without a table must not appear in that mode.
    table: str | None = None

    def is_known_to(self, major: int) -> bool:
        return self.since <= major <= self.until
