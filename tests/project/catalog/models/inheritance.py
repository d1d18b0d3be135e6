"""Abstract, multi-table and proxy inheritance."""

from django.db import models


class Described(models.Model):
    """An abstract base: no table of its own."""

    created = models.DateTimeField(db_index=True)
    description = models.TextField()

    class Meta:
        abstract = True
        ordering = ("-created",)


class Place(Described):
    """The first table of the chain."""

    name = models.CharField(max_length=200)


class Restaurant(Place):
    """A table whose primary key is a foreign key to its parent."""

    stars = models.PositiveSmallIntegerField(null=True)


class ItalianRestaurant(Restaurant):
    """Three tables for one object, the last under a link of another name."""

    link = models.OneToOneField(Restaurant, models.CASCADE, parent_link=True, primary_key=True)
    pasta = models.CharField(max_length=100)


class FamousPlace(Place):
    """The table of `Place` under another name."""

    class Meta(Described.Meta):
        proxy = True
        abstract = False
