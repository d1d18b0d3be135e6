"""The Django app: registers system checks, and loads nothing that a web worker does not need."""

from typing import Any

from django.apps import AppConfig
from django.core.checks import register
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy


class HoldfastConfig(AppConfig):
    """Backups of databases; also the sender of the signals."""

    name = "holdfast"
    label = "holdfast"
    verbose_name = gettext_lazy("Backups")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks, listen for what is worth an alarm, and wait for migrations."""
        from holdfast.alarms import hooks  # noqa: PLC0415 - signals name this app as their sender
        from holdfast.checks import CHECK_TAG, check_settings  # noqa: PLC0415 - it imports the database layer

        register(check_settings, CHECK_TAG)
        hooks.connect()
        # Django sends this once for every app; ours comes once for each run and database.
        pre_migrate.connect(_before_migrations, sender=self)
        post_migrate.connect(_after_migrations, sender=self)


def _before_migrations(**kwargs: Any) -> None:
    from holdfast.premigration.receiver import before_migrations  # noqa: PLC0415 - a web worker never migrates

    before_migrations(**kwargs)


def _after_migrations(**kwargs: Any) -> None:
    from holdfast.premigration.receiver import after_migrations  # noqa: PLC0415 - a web worker never migrates

    after_migrations(**kwargs)
