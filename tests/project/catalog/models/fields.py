"""Every scalar field of `django.db.models`, with and without NULL."""

import math
import tempfile

from django.db import models
from django.db.models.functions import Now, Pi


def file_path_directory() -> str:
    """Give a folder that exists everywhere, called late so that no migration holds its name."""
    return tempfile.gettempdir()


class NumberFields(models.Model):
    """Numbers and truth values."""

    big = models.BigIntegerField()
    integer = models.IntegerField()
    small = models.SmallIntegerField()
    positive_big = models.PositiveBigIntegerField()
    positive = models.PositiveIntegerField()
    positive_small = models.PositiveSmallIntegerField()
    boolean = models.BooleanField()
    decimal = models.DecimalField(max_digits=15, decimal_places=4)
    floating = models.FloatField()
    integer_or_null = models.IntegerField(null=True)
    boolean_or_null = models.BooleanField(null=True)
    decimal_or_null = models.DecimalField(max_digits=38, decimal_places=18, null=True)
    floating_or_null = models.FloatField(null=True)


class TextFields(models.Model):
    """Text in every dress."""

    char = models.CharField(max_length=200, db_comment='It\'s a "comment" with a \\ and a\nsecond line')
    char_or_null = models.CharField(max_length=200, null=True)  # noqa: DJ001
    char_unlimited_unique = models.CharField(max_length=300, unique=True)
    # Migration 0001 makes a collation of SQLite's name on PostgreSQL.
    char_collated = models.CharField(max_length=200, db_collation="NOCASE")
    text_collated = models.TextField(db_collation="NOCASE")
    text = models.TextField()
    text_or_null = models.TextField(null=True)  # noqa: DJ001
    slug = models.SlugField(max_length=200)
    email = models.EmailField()
    url = models.URLField(max_length=400)
    file = models.FileField(upload_to="uploads/%Y", max_length=200)
    file_path = models.FilePathField(path=file_path_directory, max_length=200)
    ip_address = models.GenericIPAddressField()
    ip_address_or_null = models.GenericIPAddressField(null=True)

    class Meta:
        db_table_comment = "Text in every dress; mind the 'quotes' and the Ünïcode"


class Moment(models.Model):
    """Dates, times and lengths of time."""

    date = models.DateField()
    time = models.TimeField()
    moment = models.DateTimeField()
    duration = models.DurationField()
    date_or_null = models.DateField(null=True)
    time_or_null = models.TimeField(null=True)
    moment_or_null = models.DateTimeField(null=True)
    duration_or_null = models.DurationField(null=True)


class Octets(models.Model):
    """Binary data and UUIDs."""

    data = models.BinaryField()
    data_or_null = models.BinaryField(null=True)
    data_limited = models.BinaryField(max_length=20)
    uuid = models.UUIDField()
    uuid_or_null = models.UUIDField(null=True)


class Document(models.Model):
    """JSON, where the JSON null and the SQL NULL are two values."""

    body = models.JSONField()
    body_or_null = models.JSONField(null=True)


class DatabaseDefault(models.Model):
    """Defaults that the database computes."""

    text = models.CharField(max_length=100, db_default="it's a \\ default")
    number = models.IntegerField(db_default=-5)
    truth = models.BooleanField(db_default=True)
    ratio = models.FloatField(db_default=Pi())
    moment = models.DateTimeField(db_default=Now())
    python_default = models.FloatField(default=math.e)
