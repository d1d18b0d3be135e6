"""Is done when the next one fails."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "0004_fewer_products")]
    operations = [
        migrations.AddField(model_name="product", name="colour", field=models.CharField(max_length=20, default="")),
    ]
