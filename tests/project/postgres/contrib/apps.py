"""The app of what needs PostgreSQL's contrib extensions."""

from django.apps import AppConfig


class ContribConfig(AppConfig):
    """Models over the types and indexes of extensions."""

    name = "tests.project.postgres.contrib"
    label = "project_postgres_contrib"
    default_auto_field = "django.db.models.BigAutoField"
