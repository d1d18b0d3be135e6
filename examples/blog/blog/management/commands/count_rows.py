"""`manage.py count_rows`: how much the blog holds."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand

from blog.models import Category, Comment, Post


class Command(BaseCommand):
    """Prints one line for each table."""

    help = "Print the number of rows of each table of the blog."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Count the rows, those of the many-to-many table too."""
        for model in (User, Category, Post, Post.categories.through, Comment):
            self.stdout.write(f"{model._meta.db_table:<22}{model._base_manager.count():>8}")
