"""Changes the schema."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_products")]
    operations = [
        migrations.AddField(model_name="product", name="price", field=models.IntegerField(default=0)),
    ]
