"""What a blog stores."""

from django.conf import settings
from django.db import models


class Category(models.Model):
    """What a post is about."""

    name = models.CharField(max_length=100, unique=True)
    slug = models.SlugField(max_length=100, unique=True)

    class Meta:
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name


class Post(models.Model):
    """One article."""

    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="posts")
    title = models.CharField(max_length=200)
    body = models.TextField()
    published = models.DateTimeField(db_index=True)
    categories = models.ManyToManyField(Category, related_name="posts")

    class Meta:
        ordering = ("-published",)

    def __str__(self) -> str:
        return self.title


class Comment(models.Model):
    """What a reader says about a post."""

    post = models.ForeignKey(Post, models.CASCADE, related_name="comments")
    name = models.CharField(max_length=100)
    text = models.TextField()
    written = models.DateTimeField()

    class Meta:
        ordering = ("written",)

    def __str__(self) -> str:
        return f"{self.name}: {self.text[:50]}"
