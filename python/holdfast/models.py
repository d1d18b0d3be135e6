"""The history of runs as a table: a copy of the audit log that can be searched, and never the truth.

Backups are found, and restored, without it; see `holdfast.history`.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class BackupRun(models.Model):
    """One run of an operation: what it did, to what, for whom, and how it ended."""

    # No number from a sequence: its position would be a change of the database with every run.
    run = models.CharField(_("run"), max_length=32, primary_key=True)
    operation = models.CharField(_("operation"), max_length=20)
    alias = models.CharField(_("database"), max_length=100)
    kind = models.CharField(_("kind"), max_length=40, blank=True)
    backup = models.CharField(_("backup"), max_length=255, blank=True)
    location = models.CharField(_("location"), max_length=255, blank=True)
    result = models.CharField(_("result"), max_length=12)
    started = models.DateTimeField(_("started"))
    finished = models.DateTimeField(_("finished"), null=True, blank=True)
    seconds = models.FloatField(_("seconds"), null=True, blank=True)
    stored_size = models.BigIntegerField(_("stored bytes"), null=True, blank=True)
    raw_size = models.BigIntegerField(_("raw bytes"), null=True, blank=True)
    rows = models.BigIntegerField(_("rows"), null=True, blank=True)
    os_user = models.CharField(_("system user"), max_length=100, blank=True)
    django_user = models.CharField(_("Django user"), max_length=255, blank=True)
    host = models.CharField(_("host"), max_length=255, blank=True)
    command = models.TextField(_("command"), blank=True)
    error = models.TextField(_("error"), blank=True)

    class Meta:
        """Only seen, never changed: what happened has happened."""

        verbose_name = _("backup run")
        verbose_name_plural = _("backup runs")
        ordering = ["-started", "-run"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["alias", "operation", "started"], name="holdfast_run_by_alias")]

    def __str__(self) -> str:
        """Name the run as the admin lists it."""
        return f"{self.operation} of {self.alias}: {self.result}"
