"""One model for each kind of primary key."""

import uuid

from django.db import models


class SmallAutoKey(models.Model):
    """A two-byte automatic key."""

    id = models.SmallAutoField(primary_key=True)
    label = models.CharField(max_length=100)


class AutoKey(models.Model):
    """A four-byte automatic key."""

    id = models.AutoField(primary_key=True)
    label = models.CharField(max_length=100)


class BigAutoKey(models.Model):
    """An eight-byte automatic key under another column name."""

    number = models.BigAutoField(primary_key=True, db_column="Number of Row")
    label = models.CharField(max_length=100)


class UUIDKey(models.Model):
    """A key that the application makes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    label = models.CharField(max_length=100)


class TextKey(models.Model):
    """A key of text."""

    code = models.CharField(max_length=100, primary_key=True)
    label = models.TextField(blank=True)


class CompositeKey(models.Model):
    """A key of two columns."""

    pk = models.CompositePrimaryKey("tenant", "number")
    tenant = models.CharField(max_length=50)
    number = models.IntegerField()
    label = models.CharField(max_length=100)


class CompositeLine(models.Model):
    """A key of two columns of which one is a foreign key."""

    pk = models.CompositePrimaryKey("parent_id", "position")
    parent = models.ForeignKey(AutoKey, models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    label = models.CharField(max_length=100)
