"""The table of runs."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Makes the table."""

    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="BackupRun",
            fields=[
                ("run", models.CharField(max_length=32, primary_key=True, serialize=False, verbose_name="run")),
                ("operation", models.CharField(max_length=20, verbose_name="operation")),
                ("alias", models.CharField(max_length=100, verbose_name="database")),
                ("kind", models.CharField(blank=True, max_length=40, verbose_name="kind")),
                ("backup", models.CharField(blank=True, max_length=255, verbose_name="backup")),
                ("location", models.CharField(blank=True, max_length=255, verbose_name="location")),
                ("result", models.CharField(max_length=12, verbose_name="result")),
                ("started", models.DateTimeField(verbose_name="started")),
                ("finished", models.DateTimeField(blank=True, null=True, verbose_name="finished")),
                ("seconds", models.FloatField(blank=True, null=True, verbose_name="seconds")),
                ("stored_size", models.BigIntegerField(blank=True, null=True, verbose_name="stored bytes")),
                ("raw_size", models.BigIntegerField(blank=True, null=True, verbose_name="raw bytes")),
                ("rows", models.BigIntegerField(blank=True, null=True, verbose_name="rows")),
                ("os_user", models.CharField(blank=True, max_length=100, verbose_name="system user")),
                ("django_user", models.CharField(blank=True, max_length=255, verbose_name="Django user")),
                ("host", models.CharField(blank=True, max_length=255, verbose_name="host")),
                ("command", models.TextField(blank=True, verbose_name="command")),
                ("error", models.TextField(blank=True, verbose_name="error")),
            ],
            options={
                "verbose_name": "backup run",
                "verbose_name_plural": "backup runs",
                "ordering": ["-started", "-run"],
                "default_permissions": ("view",),
                "indexes": [models.Index(fields=["alias", "operation", "started"], name="holdfast_run_by_alias")],
            },
        ),
    ]
