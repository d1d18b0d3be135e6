"""What a news site stores."""

from django.db import models


class Author(models.Model):
    """Who writes."""

    name = models.CharField(max_length=100)
    email = models.EmailField()
    biography = models.TextField()

    def __str__(self) -> str:
        return self.name


class Category(models.Model):
    """What a post is about."""

    name = models.CharField(max_length=100, unique=True)
    slug = models.SlugField(max_length=100, unique=True)

    def __str__(self) -> str:
        return self.name


class Post(models.Model):
    """One article."""

    author = models.ForeignKey(Author, models.CASCADE)
    category = models.ForeignKey(Category, models.CASCADE)
    title = models.CharField(max_length=200)
    slug = models.CharField(max_length=100, unique=True)
    summary = models.TextField()
    body = models.TextField()
    published = models.DateTimeField(db_index=True)
    is_public = models.BooleanField()
    views = models.IntegerField()

    def __str__(self) -> str:
        return self.title


class Comment(models.Model):
    """What a reader says about a post."""

    post = models.ForeignKey(Post, models.CASCADE)
    name = models.CharField(max_length=100)
    email = models.EmailField()
    text = models.TextField()
    written = models.DateTimeField(db_index=True)
    is_approved = models.BooleanField()

    def __str__(self) -> str:
        return f"{self.name}: {self.text[:50]}"


class PageView(models.Model):
    """One look at a post: narrow, and by far the most rows."""

    post = models.ForeignKey(Post, models.CASCADE)
    visitor = models.IntegerField()
    viewed = models.DateTimeField()
    seconds = models.SmallIntegerField()

    def __str__(self) -> str:
        return f"{self.visitor}: {self.post_id}"
