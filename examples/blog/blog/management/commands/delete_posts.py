"""`manage.py delete_posts`: the accident of the demo."""

from typing import Any

from django.core.management.base import BaseCommand

from blog.models import Post


class Command(BaseCommand):
    """Deletes every post, with its comments."""

    help = "Delete all posts and their comments, without asking."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Delete, and say how much is gone."""
        deleted, _ = Post.objects.all().delete()
        self.stdout.write(f"{deleted} rows deleted.")
