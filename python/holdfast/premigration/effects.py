"""What an operation of a migration does to the database, as far as that can be told without running it.

Whatever is not known to be harmless is not: a wrong guess costs a backup here, and rows there.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any

import sqlparse
from django.db.migrations.operations import (
    AlterModelManagers,
    AlterModelOptions,
    CreateModel,
    RunPython,
    RunSQL,
    SeparateDatabaseAndState,
)
from django.db.migrations.operations.base import Operation

_STATE_ONLY = (AlterModelManagers, AlterModelOptions)
_CHANGES_OF_ROWS = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE"})


class Effect(StrEnum):
    """What becomes of the database; `UNKNOWN` may be anything."""

    NONE = "none"
    REVERSIBLE = "reversible"
    IRREVERSIBLE = "irreversible"
    SCHEMA = "schema"
    UNKNOWN = "unknown"


def flattened(operations: Iterable[Operation]) -> Iterator[Operation]:
    """Give the operations that reach the database; one that holds none stands for itself."""
    for operation in operations:
        if _acts_as(operation, SeparateDatabaseAndState) and operation.database_operations:  # type: ignore[attr-defined]
            yield from flattened(operation.database_operations)  # type: ignore[attr-defined]
        else:
            yield operation


def effect_of(operation: Operation, *, backwards: bool) -> Effect:
    """Tell what a flattened operation does when it is applied, or taken back."""
    if _is_state_only(operation):
        return Effect.NONE
    if _acts_as(operation, RunPython):
        codes = (operation.code, operation.reverse_code)  # type: ignore[attr-defined]
        does, undoes = reversed(codes) if backwards else codes
        return _of_rows(does not in (None, RunPython.noop), undoes not in (None, RunPython.noop))
    # A subclass may send something else than what it holds.
    if type(operation) is RunSQL:
        sqls = (operation.sql, operation.reverse_sql)
        does, undoes = reversed(sqls) if backwards else sqls
        statements = list(_statements(does))
        if not all(_changes_rows(statement) for statement in statements):
            return Effect.SCHEMA
        return _of_rows(bool(statements), any(_statements(undoes)))
    return Effect.SCHEMA if type(operation).__module__.startswith("django.") else Effect.UNKNOWN


def _of_rows(does: bool, undoes: bool) -> Effect:  # noqa: FBT001 - two answers of one kind
    """Judge a change of rows; a reverse that does nothing brings nothing back."""
    if not does:
        return Effect.NONE
    return Effect.REVERSIBLE if undoes else Effect.IRREVERSIBLE


def _is_state_only(operation: Operation) -> bool:
    if isinstance(operation, CreateModel):
        options = operation.options
        return _acts_as(operation, CreateModel) and bool(options.get("proxy") or not options.get("managed", True))
    # A separation that is still one here holds nothing for the database.
    return any(_acts_as(operation, known) for known in (*_STATE_ONLY, SeparateDatabaseAndState))


def _acts_as(operation: Operation, known: type[Operation]) -> bool:
    """Tell whether an operation does to the database what Django's own class does."""
    return isinstance(operation, known) and all(
        getattr(type(operation), method) is getattr(known, method)
        for method in ("database_forwards", "database_backwards")
    )


def _statements(sql: object) -> Iterator[Any]:
    """Give the statements of RunSQL: a script, or a list of scripts, each perhaps with its parameters."""
    if isinstance(sql, str):
        yield from (statement for statement in sqlparse.parse(sql) if str(statement).strip(" \t\r\n;"))
    elif isinstance(sql, list | tuple):
        for part in sql:
            yield from _statements(part[0] if isinstance(part, list | tuple) else part)


def _changes_rows(statement: Any) -> bool:
    """Tell whether this is one statement, and changes rows alone."""
    # Names such as "begin" make the parser take several statements for one.
    ends = [token for token in statement.flatten() if token.ttype is sqlparse.tokens.Punctuation and token.value == ";"]
    return statement.get_type() in _CHANGES_OF_ROWS and len(ends) <= 1
