"""What one line of the catalogue says."""

from dataclasses import dataclass
from typing import Literal

# How a backup is taken or restored; an entry shows in all modes but those that it names.
Mode = Literal["full", "owners", "psql", "swap", "schema-only", "data-only", "one-table", "one-schema"]

# What an entry without a table of its own is not part of.
ONLY_WITH_ALL: frozenset[Mode] = frozenset({"one-table"})


@dataclass(frozen=True)
class Entry:
    """An object that must come back; `create` may hold several statements, run by a superuser in one session."""

    # Unique; lower case with underscores. What the entry creates is in the schema `cat_<name>`, or is named so itself.
    name: str
    create: str
    # A regular expression that pg_dump's text of the database must match exactly as often as the original's does.
    shows: str
    # Majors that know it, both included.
    since: int = 14
    until: int = 99
    # Modes in which it must not appear.
    absent: frozenset[Mode] = frozenset()
    # `schema.table`: what --table gets in the mode `one-table`; an entry without it is left out there.
    table: str | None = None
