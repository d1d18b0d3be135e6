"""What `migrate` is about to do, as policies judge it and manifests record it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from sys import modules
from typing import Any

from django.db.migrations import Migration

from holdfast.document import Document
from holdfast.premigration.effects import Effect, effect_of, flattened


@dataclass(frozen=True)
class PlannedOperation(Document):
    """One operation of a migration."""

    name: str
    effect: Effect


@dataclass(frozen=True)
class PlannedMigration(Document):
    """One migration that will be applied, or taken back."""

    app: str
    name: str
    backwards: bool
    operations: tuple[PlannedOperation, ...]
    # The file that it comes from, where it comes from one.
    file: Path | None

    def __str__(self) -> str:
        """Give its name as Django writes it."""
        return f"{self.app}.{self.name}"


@dataclass(frozen=True)
class MigrationPlan(Document):
    """Everything that one run of `migrate` will do to one database, in its order."""

    alias: str
    migrations: tuple[PlannedMigration, ...]

    @classmethod
    def of(cls, alias: str, plan: Iterable[tuple[Migration, bool]]) -> "MigrationPlan":
        """Read the plan of Django's executor."""
        return cls(alias, tuple(_planned(migration, backwards) for migration, backwards in plan))

    def first(self, *effects: Effect) -> tuple[PlannedMigration, PlannedOperation] | None:
        """Give the first operation with one of these effects, and its migration."""
        return next(((one, step) for one, step in self._steps() if step.effect in effects), None)

    def record(self) -> list[dict[str, Any]]:
        """Give it as a manifest holds it: direction, and operations by class."""
        return [
            {
                "app": migration.app,
                "name": migration.name,
                "direction": "backwards" if migration.backwards else "forwards",
                "operations": dict(Counter(operation.name for operation in migration.operations)),
            }
            for migration in self.migrations
        ]

    def _steps(self) -> Iterator[tuple[PlannedMigration, PlannedOperation]]:
        for migration in self.migrations:
            for operation in migration.operations:
                yield migration, operation


def _planned(migration: Migration, backwards: bool) -> PlannedMigration:  # noqa: FBT001 - Django's own pair
    file = getattr(modules.get(type(migration).__module__), "__file__", None)
    return PlannedMigration(
        app=migration.app_label,
        name=migration.name,
        backwards=backwards,
        operations=tuple(
            PlannedOperation(type(operation).__name__, effect_of(operation, backwards=backwards))
            for operation in flattened(migration.operations)
        ),
        file=Path(file) if file else None,
    )
