"""Unique and check constraints that both engines have."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower


class Booking(models.Model):
    """Plain, conditional and expression uniqueness, and checks."""

    room = models.IntegerField()
    day = models.DateField()
    guest = models.CharField(max_length=200)
    cancelled = models.BooleanField(default=False)
    adults = models.SmallIntegerField()
    children = models.SmallIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("room", "day", "guest"), name="booking_plain"),
            models.UniqueConstraint(fields=("room", "day"), condition=Q(cancelled=False), name="booking_conditional"),
            models.UniqueConstraint(Lower("guest"), F("day").desc(), name="booking_expression"),
            models.CheckConstraint(condition=Q(adults__gt=0) | Q(children__gt=0), name="booking_somebody"),
            models.CheckConstraint(condition=~Q(guest__in=["'", '"', "\\"]), name="Booking with 'odd' name"),
        )


class LegacyUnique(models.Model):
    """The older spelling of a unique constraint, over a column that may be NULL."""

    first = models.IntegerField()
    second = models.IntegerField(null=True)

    class Meta:
        unique_together = (("first", "second"),)


class Sprint(models.Model):
    """A check between two columns."""

    begins = models.DateField()
    ends = models.DateField()

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(ends__gte=F("begins")), name="sprint_order"),)
