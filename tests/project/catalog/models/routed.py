"""The model that the router sends to the second database."""

from django.db import models


class AuditRecord(models.Model):
    """A row of a log kept apart from the main database."""

    happened = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=100)
    details = models.JSONField(null=True)
