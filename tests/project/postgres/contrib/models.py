"""Fields, constraints and indexes that need an extension."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, HStoreField, RangeOperators
from django.contrib.postgres.indexes import GinIndex, GistIndex, OpClass
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q
from django.db.models.functions import Upper


class CaseInsensitiveTextField(models.TextField):  # type: ignore[type-arg]
    """Text of the type of the extension citext, whose own Django field is gone."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:  # noqa: ARG002
        """Name the type of the extension."""
        return "citext"


class Labelled(models.Model):
    """Key-value pairs and text without case."""

    pairs = HStoreField()
    pairs_or_null = HStoreField(null=True)
    name = CaseInsensitiveTextField(unique=True)

    class Meta:
        indexes = (
            GinIndex(fields=("pairs",), name="labelled_pairs_gin"),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="labelled_trigram_gin"),
            GistIndex(fields=("name",), name="labelled_trigram_gist", opclasses=("gist_trgm_ops",)),
        )


class Reservation(models.Model):
    """An exclusion that compares a plain number inside a GiST index."""

    room = models.IntegerField()
    span = DateTimeRangeField()
    cancelled = models.BooleanField(default=False)

    class Meta:
        constraints = (
            ExclusionConstraint(
                name="reservation_exclusion",
                expressions=(("room", RangeOperators.EQUAL), ("span", RangeOperators.OVERLAPS)),
                condition=Q(cancelled=False),
                include=("cancelled",),
            ),
        )
