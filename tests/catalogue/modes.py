"""The ways in which the catalogue comes back. To add one: a line in MODES."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.catalogue.entry import Entry, ModeName

if TYPE_CHECKING:
    from tests.catalogue.trial import Trial

# Gives options of pg_dump.
Options = Callable[[Sequence[Entry]], list[str]]


@dataclass(frozen=True)
class Mode:
    name: ModeName
    # Gives the database of that name its content.
    restore: Callable[[Trial, str], None]
    # With which options pg_dump must say the same of the original and of the restored database.
    compared: Options
    # Of which dump the database is to compare with.
    oracle: tuple[str, ...] = ()
    # What the database has before.
    into: Callable[[Trial], str] = lambda _: ""
    # With which options pg_dump must say the same of the database before and after.
    untouched: Options | None = None

    def holds(self, entry: Entry) -> bool:
        return self.name not in entry.absent and (self.name != "one-table" or entry.table is not None)


def ours(**options: Any) -> Callable[[Trial, str], None]:
    def restore(trial: Trial, database: str) -> None:
        trial.restore(database, **options)

    return restore


def schema_backup(trial: Trial, database: str) -> None:
    trial.restore(database, backup=trial.backup("schema-only"))


def schema_then_rows(trial: Trial, database: str) -> None:
    trial.restore(database, scope="schema-only")
    trial.restore(database, scope="data-only")


def through_psql(trial: Trial, database: str) -> None:
    trial.server.client("psql", "-X", "-1", "-q", "-v", "ON_ERROR_STOP=1", "-d", database, stdin=trial.script)


def tables(trial: Trial, database: str) -> None:
    trial.restore(database, tables=[entry.table for entry in with_table(trial.entries)])


def with_table(entries: Sequence[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.table]


def roof_of_tables(trial: Trial) -> str:
    """Extensions, and the schemas that the tables are in."""
    schemas = {entry.table.partition(".")[0] for entry in with_table(trial.entries) if entry.table}
    return trial.extensions() + "".join(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)};" for schema in sorted(schemas))


def patterns(option: str) -> Options:
    def options(entries: Sequence[Entry]) -> list[str]:
        names = [entry.table.partition(".") for entry in entries if entry.table]
        return [f"--{option}={quoted(schema)}.{quoted(table)}" for schema, _, table in names]

    return options


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def options(*fixed: str) -> Options:
    return lambda _: list(fixed)


MODES: dict[ModeName, Mode] = {
    mode.name: mode
    for mode in (
        Mode("full", ours(owners="ignore"), options(), oracle=("--no-owner", "--no-acl")),
        Mode("owners", ours(), options()),
        Mode("psql", through_psql, options()),
        Mode("schema-only", schema_backup, options("--schema-only")),
        Mode("data-only", schema_then_rows, options()),
        Mode("one-table", tables, patterns("table"), into=roof_of_tables, untouched=patterns("exclude-table")),
    )
}
