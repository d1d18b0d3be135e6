"""Tables whose rows no backup of the project holds: sessions, caches, what the law forbids to keep."""

from collections.abc import Mapping
from dataclasses import dataclass

from holdfast.readers import wrong_type

_WANTED = 'a dictionary of lists of tables, such as {"default": ["django_session"]}'


@dataclass(frozen=True)
class Exclusions:
    """The tables of each database; without their rows its backups are whole all the same."""

    by_alias: Mapping[str, tuple[str, ...]]

    def of(self, alias: str) -> tuple[str, ...]:
        """Give the tables of a database."""
        return self.by_alias.get(alias, ())


def read_exclusions(value: object) -> Exclusions:
    """Read `HOLDFAST["EXCLUDE_TABLE_DATA"]`."""
    given = {} if value is None else value
    if not isinstance(given, Mapping):
        raise wrong_type("EXCLUDE_TABLE_DATA", value, _WANTED)
    for alias, tables in given.items():
        if not isinstance(alias, str) or not isinstance(tables, list | tuple):
            raise wrong_type("EXCLUDE_TABLE_DATA", value, _WANTED)
        if not all(isinstance(table, str) and table for table in tables):
            raise wrong_type("EXCLUDE_TABLE_DATA", value, _WANTED)
    return Exclusions({alias: tuple(tables) for alias, tables in given.items()})
