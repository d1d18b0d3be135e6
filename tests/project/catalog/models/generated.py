"""Columns that the database computes from other columns."""

from django.db import models
from django.db.models import F
from django.db.models.functions import Lower


class Computed(models.Model):
    """Stored generated columns."""

    width = models.IntegerField()
    height = models.IntegerField()
    name = models.CharField(max_length=200)
    area = models.GeneratedField(
        expression=F("width") * F("height"), output_field=models.BigIntegerField(), db_persist=True
    )
    lower_name = models.GeneratedField(
        expression=Lower("name"), output_field=models.CharField(max_length=300), db_persist=True
    )


class VirtuallyComputed(models.Model):
    """A virtual generated column; the table exists only where the engine (and Django) can have one."""

    width = models.IntegerField()
    double_width = models.GeneratedField(
        expression=F("width") * 2, output_field=models.BigIntegerField(), db_persist=False
    )

    class Meta:
        required_db_features = ("supports_virtual_generated_columns",)
