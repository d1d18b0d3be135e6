"""The catalog app."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Models that PostgreSQL and SQLite both take."""

    name = "tests.project.catalog"
    default_auto_field = "django.db.models.BigAutoField"
