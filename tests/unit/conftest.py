"""Sets Django up once, with the smallest project, and keeps the environment of the machine out."""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import django
import pytest
from django.db import connections

os.environ["DJANGO_SETTINGS_MODULE"] = "minimal_settings"
django.setup()

from stand_in_core import installed_stand_in  # noqa: E402 - it imports the app


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("BACKUP_"):
            monkeypatch.delenv(name)


@pytest.fixture
def live_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A live SQLite database behind the alias `default`, with one table of three rows."""
    path = tmp_path / "shop.sqlite3"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE shop_order (id integer PRIMARY KEY, city text)")
        database.executemany("INSERT INTO shop_order (city) VALUES (?)", [("Rome",), ("Oslo",), ("Bern",)])
    database.close()
    monkeypatch.setitem(connections["default"].settings_dict, "NAME", path)
    yield path
    connections["default"].close()


@pytest.fixture
def core(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A stand-in for the Rust module; tests that use it look at presentation only."""
    with installed_stand_in(monkeypatch) as stand_in:
        yield stand_in
