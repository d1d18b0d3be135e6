"""Changes rows for good."""

from typing import Any

from django.db import migrations


def remove(apps: Any, schema_editor: Any) -> None:
    apps.get_model("shop", "Product").objects.using(schema_editor.connection.alias).filter(id__lte=20).delete()


class Migration(migrations.Migration):
    dependencies = [("shop", "0003_upper_names")]
    operations = [migrations.RunPython(remove, migrations.RunPython.noop)]
