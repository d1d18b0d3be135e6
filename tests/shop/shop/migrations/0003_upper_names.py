"""Changes rows, and can change them back."""

from typing import Any

from django.db import migrations
from django.db.models.functions import Lower, Upper


def upper(apps: Any, schema_editor: Any) -> None:
    apps.get_model("shop", "Product").objects.using(schema_editor.connection.alias).update(name=Upper("name"))


def lower(apps: Any, schema_editor: Any) -> None:
    apps.get_model("shop", "Product").objects.using(schema_editor.connection.alias).update(name=Lower("name"))


class Migration(migrations.Migration):
    dependencies = [("shop", "0002_price")]
    operations = [
        migrations.RunPython(upper, lower),
        migrations.RunSQL("UPDATE shop_product SET price = price + 1", "UPDATE shop_product SET price = price - 1"),
        migrations.AlterModelOptions("product", {"ordering": ["name"]}),
        migrations.AlterModelOptions("product", {}),
    ]
