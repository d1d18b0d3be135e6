"""The blog app."""

from django.apps import AppConfig


class BlogConfig(AppConfig):
    """Posts, their categories and comments."""

    name = "blog"
