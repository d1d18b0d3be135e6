"""The PostgreSQL app."""

from django.apps import AppConfig


class PostgresConfig(AppConfig):
    """Models and objects that any PostgreSQL server takes."""

    name = "tests.project.postgres"
    # django.contrib.postgres has the label "postgres" already.
    label = "project_postgres"
    default_auto_field = "django.db.models.BigAutoField"
