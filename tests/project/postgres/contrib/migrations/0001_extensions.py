"""The extensions, each by the operation Django has for it."""

from django.contrib.postgres.operations import (
    BtreeGistExtension,
    CITextExtension,
    HStoreExtension,
    TrigramExtension,
    UnaccentExtension,
)
from django.db import migrations


class Migration(migrations.Migration):
    """Runs before the models' own tables are made."""

    initial = True

    dependencies = []

    operations = [
        HStoreExtension(),
        TrigramExtension(),
        BtreeGistExtension(),
        UnaccentExtension(),
        CITextExtension(),
    ]
