"""The collation that a column of the models uses."""

from django.contrib.postgres.operations import CreateCollation
from django.db import migrations


class Migration(migrations.Migration):
    """Runs before the models' own tables are made."""

    initial = True

    dependencies = []

    operations = [CreateCollation("plain_c", provider="libc", locale="C")]
