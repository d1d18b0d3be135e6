"""Fails half-way, outside a transaction: much is gone by then."""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import migrations, models

FAILURES = {"command": CommandError, "program": ZeroDivisionError, "interrupt": KeyboardInterrupt}


def remove(apps: Any, schema_editor: Any) -> None:
    apps.get_model("shop", "Product").objects.using(schema_editor.connection.alias).all().delete()


def fail(_apps: Any, _schema_editor: Any) -> None:
    for backup in Path(os.environ.get("SHOP_DAMAGES", os.devnull)).glob("*.gz"):
        backup.write_bytes(backup.read_bytes()[:-100])
    way = os.environ.get("SHOP_FAILS")
    if way:
        raise FAILURES[way]("the sky fell down")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("shop", "0005_colour")]
    operations = [
        migrations.AddField(model_name="product", name="size", field=models.CharField(max_length=20, default="")),
        migrations.RunPython(remove, migrations.RunPython.noop),
        migrations.RunPython(fail, migrations.RunPython.noop),
    ]
