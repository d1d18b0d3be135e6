"""What a project's own tests do: migrations run before them, and within."""

from django.core.management import call_command
from django.test import TestCase, TransactionTestCase

from shop.models import Product


class Products(TestCase):
    def test_there_are_none_yet(self) -> None:
        assert not Product.objects.exists()


class Migrations(TransactionTestCase):
    def test_there_and_back(self) -> None:
        call_command("migrate", "shop", "0004", verbosity=0)
        call_command("migrate", "shop", verbosity=0)
