"""A migration operation that runs other SQL on each engine."""

from typing import Any

from django.db import router
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class RunVendorSQL(Operation):
    """Runs the statements given under the connection's vendor; an engine without statements is left alone."""

    reversible = True

    def __init__(self, forwards: dict[str, list[str]], backwards: dict[str, list[str]]) -> None:
        """Take the statements of each vendor, both ways."""
        self.forwards = forwards
        self.backwards = backwards

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Leave the models' state as it is."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,  # noqa: ARG002
        to_state: ProjectState,  # noqa: ARG002
    ) -> None:
        """Run the forward statements."""
        self._run(app_label, schema_editor, self.forwards)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,  # noqa: ARG002
        to_state: ProjectState,  # noqa: ARG002
    ) -> None:
        """Run the backward statements."""
        self._run(app_label, schema_editor, self.backwards)

    def describe(self) -> str:
        """Name the operation in the output of `migrate --plan`."""
        return "SQL of its own for each engine"

    def _run(self, app_label: str, schema_editor: Any, statements: dict[str, list[str]]) -> None:
        connection = schema_editor.connection
        if not router.allow_migrate(connection.alias, app_label):
            return
        for statement in statements.get(connection.vendor, []):
            # No parameters at all: a percent sign in a name is then a percent sign.
            schema_editor.execute(statement, params=None)
