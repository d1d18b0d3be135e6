"""The Django app: registers system checks, and loads nothing that a web worker does not need."""

from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy


class HoldfastConfig(AppConfig):
    """Backups of databases; also the sender of the signals."""

    name = "holdfast"
    label = "holdfast"
    verbose_name = gettext_lazy("Backups")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks, and listen for what is worth an alarm."""
        from holdfast.alarms import hooks  # noqa: PLC0415 - signals name this app as their sender
        from holdfast.checks import CHECK_TAG, check_settings  # noqa: PLC0415 - it imports the database layer

        register(check_settings, CHECK_TAG)
        hooks.connect()
