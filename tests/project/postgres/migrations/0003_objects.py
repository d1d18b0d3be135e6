"""The objects of `objects.sql`, for which Django has no words."""

from pathlib import Path

from django.db import migrations

OBJECTS = Path(__file__).resolve().parent.parent / "objects.sql"


class Migration(migrations.Migration):
    """Cannot be undone: drop the database instead."""

    # The objects refer to a table of the catalog.
    dependencies = [("catalog", "0001_groundwork"), ("project_postgres", "0002_models")]

    operations = [migrations.RunSQL(OBJECTS.read_text(encoding="utf-8"))]
