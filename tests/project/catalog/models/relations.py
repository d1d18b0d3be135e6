"""Foreign keys of every sort, many-to-many tables, generic relations, cycles."""

from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models


class Author(models.Model):
    """The target of most relations here."""

    name = models.CharField(max_length=200)
    code = models.CharField(max_length=50, unique=True)
    attachments = GenericRelation("Attachment", object_id_field="object_key")


class Tag(models.Model):
    """The far side of a plain many-to-many relation."""

    name = models.CharField(max_length=100)


class Book(models.Model):
    """Several foreign keys to one table, one of them to a column that is no primary key."""

    title = models.CharField(max_length=200)
    author = models.ForeignKey(Author, models.CASCADE, related_name="books")
    editor = models.ForeignKey(Author, models.SET_NULL, null=True, related_name="edited")
    reviewer = models.ForeignKey(Author, models.PROTECT, to_field="code", related_name="reviewed")
    # No constraint in the database: the rows may point nowhere, and a restore must keep them.
    unchecked = models.ForeignKey(Author, models.DO_NOTHING, db_constraint=False, related_name="+")
    tags = models.ManyToManyField(Tag, related_name="books")

    attachments = GenericRelation("Attachment", object_id_field="object_key")


class Passport(models.Model):
    """A one-to-one relation that is the primary key."""

    holder = models.OneToOneField(Author, models.CASCADE, primary_key=True)
    number = models.CharField(max_length=100)
    previous = models.OneToOneField(Author, models.SET_NULL, null=True, related_name="former_passport")


class Category(models.Model):
    """A tree: rows that point to rows of their own table, also to later ones."""

    name = models.CharField(max_length=100)
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="children")


class Person(models.Model):
    """Many-to-many relations to the own table, in one and in both directions."""

    name = models.CharField(max_length=100)
    friends = models.ManyToManyField("self")
    follows = models.ManyToManyField("self", symmetrical=False, related_name="followers")


class Club(models.Model):
    """A many-to-many relation with a table of its own."""

    name = models.CharField(max_length=100)
    members = models.ManyToManyField(Person, through="Membership", through_fields=("club", "person"))


class Membership(models.Model):
    """The table of `Club.members`, with two foreign keys to people."""

    club = models.ForeignKey(Club, models.CASCADE)
    person = models.ForeignKey(Person, models.CASCADE)
    inviter = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="invitations")
    since = models.DateField()


class Chicken(models.Model):
    """One half of a cycle between two tables."""

    name = models.CharField(max_length=100)
    hatched_from = models.ForeignKey("Egg", models.CASCADE, null=True, related_name="+")


class Egg(models.Model):
    """The other half."""

    layer = models.ForeignKey(Chicken, models.CASCADE)


class Question(models.Model):
    """Rows with an order of their own within each category."""

    category = models.ForeignKey(Category, models.CASCADE)
    text = models.TextField()

    class Meta:
        order_with_respect_to = "category"


class Attachment(models.Model):
    """A generic foreign key."""

    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_key = models.CharField(max_length=100)
    target = GenericForeignKey("content_type", "object_key")
    note = models.TextField()

    class Meta:
        indexes = (models.Index(fields=("content_type", "object_key"), name="attachment_target_index"),)
