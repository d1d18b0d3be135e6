"""The ways in which the catalogue comes back. To add one: a line in MODES."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.catalogue.entry import Entry, ModeName

if TYPE_CHECKING:
    from tests.catalogue.trial import Trial

# Gives options of pg_dump.
Options = Callable[["Trial"], list[str]]


@dataclass(frozen=True)
class Mode:
    name: ModeName
    # Gives the database of that name its content.
    restore: Callable[[Trial, str], None]
    # With which options pg_dump must say the same of the original and of the restored database.
    compared: Options
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
    trial.restore(database, tables=[".".join(table) for table in trial.tables])


def foundation(trial: Trial) -> str:
    return trial.foundation()


def foundation_of_tables(trial: Trial) -> str:
    schemas = sorted({schema for schema, _ in trial.tables})
    return trial.foundation() + "".join(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)};" for schema in schemas)


def of_tables(trial: Trial) -> list[str]:
    return [f"--table={quoted(schema)}.{quoted(table)}" for schema, table in trial.tables]


def but_tables(trial: Trial) -> list[str]:
    names = [*trial.tables, *trial.sequences]
    return [f"--exclude-table={quoted(schema)}.{quoted(name)}" for schema, name in names]


def schemas(trial: Trial, database: str) -> None:
    trial.restore(database, schemas=trial.schemas)


def of_schemas(option: str) -> Options:
    return lambda trial: [f"--{option}={quoted(schema)}" for schema in trial.schemas]


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def options(*fixed: str) -> Options:
    return lambda _: list(fixed)


MODES: dict[ModeName, Mode] = {
    mode.name: mode
    for mode in (
        # pg_dump groups large objects by their owners and grants; the other modes compare them.
        Mode("full", ours(owners="ignore"), options("--no-owner", "--no-acl", "--no-large-objects")),
        Mode("owners", ours(), options()),
        Mode("swap", ours(strategy="swap"), options()),
        Mode("psql", through_psql, options()),
        Mode("schema-only", schema_backup, options("--schema-only")),
        Mode("data-only", schema_then_rows, options()),
        Mode("one-table", tables, of_tables, into=foundation_of_tables, untouched=but_tables),
        Mode("one-schema", schemas, of_schemas("schema"), into=foundation, untouched=of_schemas("exclude-schema")),
    )
}
