"""Fields, constraints and indexes of `django.contrib.postgres` that need no extension."""

from django.contrib.postgres import fields
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.contrib.postgres.indexes import BrinIndex, GinIndex, GistIndex, HashIndex, SpGistIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Deferrable


class Arrays(models.Model):
    """Arrays, also of arrays, and of values that need quoting inside."""

    numbers = fields.ArrayField(models.IntegerField())
    texts = fields.ArrayField(models.TextField(null=True))
    matrix = fields.ArrayField(fields.ArrayField(models.IntegerField(null=True), size=3), null=True)
    moments = fields.ArrayField(models.DateTimeField(), default=list)
    documents = fields.ArrayField(models.JSONField(), default=list)

    class Meta:
        indexes = (GinIndex(fields=("texts",), name="arrays_gin", fastupdate=False),)


class Ranges(models.Model):
    """Every range type."""

    integers = fields.IntegerRangeField()
    big_integers = fields.BigIntegerRangeField(null=True)
    decimals = fields.DecimalRangeField(null=True)
    moments = fields.DateTimeRangeField(null=True)
    dates = fields.DateRangeField(null=True)

    class Meta:
        indexes = (
            GistIndex(fields=("moments",), name="ranges_gist", fillfactor=70),
            SpGistIndex(fields=("dates",), name="ranges_spgist"),
        )


class Searched(models.Model):
    """A search vector, and text under a collation made by a migration."""

    body = models.TextField(db_collation="plain_c")
    vector = SearchVectorField(null=True)
    happened = models.DateTimeField()

    class Meta:
        indexes = (
            GinIndex(fields=("vector",), name="searched_gin"),
            BrinIndex(fields=("happened",), name="searched_brin", pages_per_range=16, autosummarize=True),
            HashIndex(fields=("body",), name="searched_hash"),
        )


class Slot(models.Model):
    """Constraints that SQLite lacks."""

    position = models.IntegerField()
    owner = models.IntegerField(null=True)
    label = models.CharField(max_length=100)
    span = fields.IntegerRangeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("position",), name="slot_deferred", deferrable=Deferrable.DEFERRED),
            models.UniqueConstraint(fields=("label",), name="slot_immediate", deferrable=Deferrable.IMMEDIATE),
            models.UniqueConstraint(fields=("position", "label"), include=("owner",), name="slot_covering"),
            models.UniqueConstraint(fields=("owner", "label"), nulls_distinct=False, name="slot_null_once"),
            models.UniqueConstraint(fields=("label",), opclasses=("text_pattern_ops",), name="slot_opclass"),
            ExclusionConstraint(
                name="slot_exclusion",
                expressions=(("span", RangeOperators.OVERLAPS),),
                deferrable=Deferrable.DEFERRED,
            ),
        )


class RemoteNote(models.Model):
    """A table in another schema, reached by the quotes Django leaves alone; made by `objects.sql`."""

    number = models.IntegerField(primary_key=True)
    text = models.TextField(null=True)  # noqa: DJ001

    class Meta:
        managed = False
        db_table = 'Second Schema"."note'
