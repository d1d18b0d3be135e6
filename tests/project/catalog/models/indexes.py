"""Indexes that both engines have, and a covering one that SQLite leaves out."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper


class Indexed(models.Model):
    """One table with every sort of index."""

    name = models.CharField(max_length=200, db_index=True)
    number = models.IntegerField()
    active = models.BooleanField()
    note = models.TextField()

    class Meta:
        indexes = (
            models.Index(fields=("number",), name="indexed_plain"),
            models.Index(fields=("-number", "name"), name="indexed_descending"),
            models.Index(fields=("number",), condition=Q(active=True), name="indexed_partial"),
            models.Index(Upper("name").desc(), F("number") * 2, name="indexed_expression"),
            models.Index(fields=("number",), include=("active",), name="indexed_covering"),
        )
