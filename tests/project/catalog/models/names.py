"""Tables and columns whose names must be quoted."""

from django.db import models


class OrderTable(models.Model):
    """Reserved words."""

    select = models.CharField(max_length=100, db_column="select")
    where = models.IntegerField(db_column="from", db_index=True)

    class Meta:
        db_table = "order"


class GroupTable(models.Model):
    """A foreign key between two reserved words."""

    user = models.ForeignKey(OrderTable, models.CASCADE, db_column="user")

    class Meta:
        db_table = "group"


class SpacedTable(models.Model):
    """Spaces, dots and capitals."""

    value = models.CharField(max_length=100, db_column=" Leading and Trailing ")
    dotted = models.IntegerField(db_column="a.b")

    class Meta:
        db_table = "A Table. With Spaces"


class LoudTable(models.Model):
    """Two names that differ in case only."""

    value = models.CharField(max_length=100, db_column="VALUE")
    camel = models.IntegerField(db_column="camelCase")

    class Meta:
        db_table = "LOUD_TABLE"


class UnicodeTable(models.Model):
    """Letters beyond ASCII and beyond the basic plane."""

    value = models.CharField(max_length=100, db_column="größe", unique=True)
    parent = models.ForeignKey("self", models.CASCADE, null=True, db_column="親🗃")

    class Meta:
        db_table = "tabelle_ünï_表🗃"


class QuoteTable(models.Model):
    """Single quotes, backslashes and semicolons; double quotes are in `outside`."""

    value = models.CharField(max_length=100, db_column="it's")
    tricky = models.IntegerField(db_column="a\\b; --c")

    class Meta:
        db_table = "it's; a -- table"
