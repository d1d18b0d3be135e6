"""The models, one file for each theme."""

from .constraints import Booking, LegacyUnique, Sprint
from .fields import DatabaseDefault, Document, Moment, NumberFields, Octets, TextFields
from .generated import Computed, VirtuallyComputed
from .hidden import Article
from .indexes import Indexed
from .inheritance import FamousPlace, ItalianRestaurant, Place, Restaurant
from .keys import AutoKey, BigAutoKey, CompositeKey, CompositeLine, SmallAutoKey, TextKey, UUIDKey
from .names import GroupTable, LoudTable, OrderTable, QuoteTable, SpacedTable, UnicodeTable
from .outside import LegacyInvoice, QuotedLegacy
from .relations import (
    Attachment,
    Author,
    Book,
    Category,
    Chicken,
    Club,
    Egg,
    Membership,
    Passport,
    Person,
    Question,
    Tag,
)
from .routed import AuditRecord

__all__ = [
    "Article",
    "Attachment",
    "AuditRecord",
    "Author",
    "AutoKey",
    "BigAutoKey",
    "Book",
    "Booking",
    "Category",
    "Chicken",
    "Club",
    "CompositeKey",
    "CompositeLine",
    "Computed",
    "DatabaseDefault",
    "Document",
    "Egg",
    "FamousPlace",
    "GroupTable",
    "Indexed",
    "ItalianRestaurant",
    "LegacyInvoice",
    "LegacyUnique",
    "LoudTable",
    "Membership",
    "Moment",
    "NumberFields",
    "Octets",
    "OrderTable",
    "Passport",
    "Person",
    "Place",
    "Question",
    "QuoteTable",
    "QuotedLegacy",
    "Restaurant",
    "SmallAutoKey",
    "SpacedTable",
    "Sprint",
    "Tag",
    "TextFields",
    "TextKey",
    "UUIDKey",
    "UnicodeTable",
    "VirtuallyComputed",
]
