"""A model whose default manager hides rows, which a backup must hold all the same."""

from django.db import models


class VisibleManager(models.Manager["Article"]):
    """Shows only what is not deleted."""

    def get_queryset(self) -> models.QuerySet["Article"]:
        """Leave out the rows marked as deleted."""
        return super().get_queryset().filter(deleted=False)


class Article(models.Model):
    """Rows that are marked as deleted, not removed."""

    title = models.CharField(max_length=200)
    deleted = models.BooleanField(default=False)

    objects = VisibleManager()
    all_objects = models.Manager()
