"""Unmanaged models over tables that migration 0001 makes in SQL."""

from django.db import models


class LegacyInvoice(models.Model):
    """A table that Django reads and writes but did not make."""

    number = models.IntegerField(primary_key=True)
    customer = models.TextField(null=True)  # noqa: DJ001
    amount = models.DecimalField(max_digits=12, decimal_places=2)

    class Meta:
        managed = False
        db_table = "legacy_invoice"


class QuotedLegacy(models.Model):
    """A table with double quotes in its names, doubled here since Django does not double them."""

    number = models.IntegerField(primary_key=True)
    value = models.TextField(null=True, db_column='the ""value""')  # noqa: DJ001

    class Meta:
        managed = False
        db_table = 'say ""hello"" table'
