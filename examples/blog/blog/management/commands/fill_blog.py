"""`manage.py fill_blog`: users, categories, posts and comments to play with."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from blog.models import Category, Comment, Post

WORDS = [
    "anchor",
    "harbour",
    "tide",
    "rope",
    "knot",
    "sail",
    "wind",
    "storm",
    "calm",
    "漁",
    "bouée",
    "crew",
    "deck",
    "chart",
    "star",
    "🌊",
    "keel",
    "mast",
    "watch",
    "log",
]
CATEGORIES = ("Boats", "Harbours", "Knots", "Weather", "Cooking at sea")
AUTHORS = 10
COMMENTS_PER_POST = 3
START = datetime(2026, 1, 1, tzinfo=UTC)


class Command(BaseCommand):
    """Fills an empty blog; the same number of posts gives the same blog."""

    help = "Fill the empty blog with users, categories, posts and comments."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the number of posts."""
        parser.add_argument("--posts", type=int, default=2000, help="Number of posts (default: 2000).")

    def handle(self, *_args: Any, posts: int, **_options: Any) -> None:
        """Fill the blog in one transaction."""
        if Post.objects.exists():
            message = "The blog has posts already."
            raise CommandError(message)
        with transaction.atomic():
            _fill(posts)
        self.stdout.write(f"{posts} posts written.")


def _fill(count: int) -> None:
    random = Random(count)
    # A password that no hash matches: nobody logs in as them.
    authors = User.objects.bulk_create(
        User(username=f"author{number}", password="!")  # noqa: S106
        for number in range(AUTHORS)
    )
    categories = Category.objects.bulk_create(
        Category(name=name, slug=name.lower().replace(" ", "-")) for name in CATEGORIES
    )
    posts = Post.objects.bulk_create(
        [
            Post(
                author=random.choice(authors),
                title=_words(random, 4).capitalize(),
                body="\n\n".join(_words(random, 60) for _ in range(3)),
                published=START + timedelta(minutes=number),
            )
            for number in range(count)
        ],
        batch_size=500,
    )
    links = Post.categories.through
    links.objects.bulk_create(
        [
            links(post_id=post.pk, category_id=category.pk)
            for post in posts
            for category in random.sample(categories, random.randint(1, 3))
        ],
        batch_size=500,
    )
    Comment.objects.bulk_create(
        [
            Comment(post=post, name=_words(random, 1), text=_words(random, 12), written=post.published)
            for post in posts
            for _ in range(COMMENTS_PER_POST)
        ],
        batch_size=500,
    )


def _words(random: Random, count: int) -> str:
    return " ".join(random.choices(WORDS, k=count))
