"""The router: `AuditRecord` lives on the alias `second`, all other models everywhere else.

A project without an alias `second` keeps `AuditRecord` with the other models.
"""

from typing import Any

from django.conf import settings
from django.db import connections
from django.db.models import Model

from tests.project.postgres.contrib import EXTENSIONS

ALIAS = "second"
MODELS = {("catalog", "auditrecord")}


class SecondDatabaseRouter:
    """Sends the models of `MODELS` to the alias `second`."""

    def db_for_read(self, model: type[Model], **_hints: object) -> str | None:
        """Name the alias for a routed model; leave the rest to Django."""
        routed = (model._meta.app_label, model._meta.model_name) in MODELS
        return ALIAS if routed and ALIAS in settings.DATABASES else None

    db_for_write = db_for_read

    def allow_relation(self, *_objects: Model, **_hints: object) -> bool | None:
        """Leave relations to Django."""
        return None

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **_hints: Any) -> bool | None:
        """Keep the second database to the routed models, and PostgreSQL's objects to PostgreSQL."""
        if app_label.startswith("project_postgres") and connections[db].vendor != "postgresql":
            return False
        if app_label == "project_postgres_contrib" and not _offers_extensions(db):
            return False
        if ALIAS not in settings.DATABASES:
            return None
        return (db == ALIAS) == ((app_label, (model_name or "").lower()) in MODELS)


def _offers_extensions(alias: str) -> bool:
    """Tell whether the server has every extension of the contrib app (small builds of PostgreSQL have none)."""
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_available_extensions WHERE name = ANY(%s)", [list(EXTENSIONS)])
        count: int = cursor.fetchone()[0]
    return count == len(EXTENSIONS)
