"""Single tables of a live SQLite database, replaced from a private file in one transaction."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.db.utils import ConnectionHandler

from holdfast.exceptions import RestoreFailed, UnsupportedObject, UsageError
from holdfast.sqlite import current_counts, replace_tables

if TYPE_CHECKING:
    from pathlib import Path

    from django.db.backends.base.base import BaseDatabaseWrapper

if not settings.configured:
    settings.configure()

BACKUP = """
CREATE TABLE author (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL,
    upper_name TEXT GENERATED ALWAYS AS (upper(name)) STORED, year INTEGER CHECK (django_date_extract('year', born) > 0),
    born TEXT DEFAULT '1815-12-10');
CREATE TABLE book (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES author (id), title TEXT);
CREATE TABLE log (entry TEXT);
CREATE VIEW titles AS SELECT title FROM book;
CREATE INDEX author_name ON author (name);
CREATE INDEX author_year ON author (django_date_extract('year', born));
CREATE TRIGGER author_added AFTER INSERT ON author BEGIN INSERT INTO log VALUES ('added ' || new.name); END;
CREATE TRIGGER author_removed AFTER DELETE ON author BEGIN INSERT INTO log VALUES ('removed ' || old.name); END;
CREATE VIRTUAL TABLE search USING fts5 (body);
INSERT INTO author (name) VALUES ('Ada'), ('Grace'), ('Edith');
DELETE FROM author WHERE name = 'Edith';
INSERT INTO book VALUES (1, 1, 'Notes'), (2, 2, 'Compilers');
DELETE FROM log;
"""
LATER = """
DELETE FROM author WHERE name = 'Grace';
DELETE FROM book WHERE id = 2;
UPDATE author SET name = 'Somebody' WHERE id = 1;
INSERT INTO author (name) VALUES ('New'), ('Newer');
INSERT INTO book VALUES (5, 5, 'Later');
DELETE FROM log;
"""


def alias(path: Path) -> BaseDatabaseWrapper:
    return ConnectionHandler({"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": path}})["default"]


def run(path: Path, script: str) -> Path:
    """Run it with Django's functions, which the schema calls, and without foreign keys."""
    connection = alias(path)
    with closing(connection.get_new_connection(connection.get_connection_params())) as database:
        database.execute("PRAGMA foreign_keys = OFF")
        database.executescript(script)
    return path


def query(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(sql).fetchall()


@pytest.fixture
def private(tmp_path: Path) -> Path:
    return run(tmp_path / "private", BACKUP)


@pytest.fixture
def live(tmp_path: Path) -> Path:
    return run(tmp_path / "live", BACKUP + LATER)


def definitions(path: Path) -> list[tuple[object, ...]]:
    return sorted(query(path, "SELECT type, name, sql FROM sqlite_master"), key=repr)


def assert_whole(path: Path) -> None:
    run(path, "SELECT 1")
    connection = alias(path)
    assert connection.cursor().execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_tables_come_back_with_definitions_rows_and_counters(live: Path, private: Path) -> None:
    run(live, "ALTER TABLE author ADD COLUMN nickname TEXT; DROP INDEX author_name; DROP TRIGGER author_removed")
    replace_tables(alias(live), private, ["book", "author"], "full")
    assert definitions(live) == definitions(private)
    for table in ("author", "book", "sqlite_sequence"):
        assert query(live, f"SELECT * FROM {table}") == query(private, f"SELECT * FROM {table}")
    assert query(live, "SELECT * FROM log") == []
    assert_whole(live)


def test_rows_alone_come_back_into_a_newer_definition(live: Path, private: Path) -> None:
    run(live, "ALTER TABLE author ADD COLUMN nickname TEXT; CREATE INDEX newer ON author (nickname)")
    before = definitions(live)
    replace_tables(alias(live), private, ["author", "book"], "data-only")
    assert definitions(live) == before
    assert query(live, "SELECT id, name, upper_name FROM author") == [(1, "Ada", "ADA"), (2, "Grace", "GRACE")]
    assert query(live, "SELECT seq FROM sqlite_sequence WHERE name = 'author'") == [(3,)]
    assert query(live, "SELECT * FROM log") == [], "no trigger may fire"
    assert_whole(live)


def test_a_table_that_was_dropped_comes_back(live: Path, private: Path) -> None:
    run(live, "DROP TABLE log")
    replace_tables(alias(live), private, ["log"], "full")
    assert query(live, "SELECT count(*) FROM log") == [(0,)]


def test_new_violations_of_foreign_keys_are_refused_and_undone(live: Path, private: Path) -> None:
    before = (definitions(live), query(live, "SELECT * FROM author"))
    with pytest.raises(RestoreFailed, match="book to author") as caught:
        replace_tables(alias(live), private, ["author"], "full")
    assert "together" in caught.value.hint
    assert (definitions(live), query(live, "SELECT * FROM author")) == before


def test_old_violations_of_foreign_keys_stay_what_they_are(live: Path, private: Path) -> None:
    run(
        live,
        "CREATE TABLE orphan (id INTEGER PRIMARY KEY, author_id REFERENCES author (id), log REFERENCES log (entry));"
        "INSERT INTO orphan VALUES (1, 99, 'x')",
    )
    replace_tables(alias(live), private, ["author", "book"], "data-only")
    assert query(live, "SELECT count(*) FROM author") == [(2,)]


@pytest.mark.parametrize(
    ("change", "table", "mode", "error", "words"),
    [
        ("", "missing", "full", UsageError, "backup has no table"),
        ("", "titles", "full", UsageError, "backup has no table"),
        ("DROP TABLE search", "search", "data-only", UnsupportedObject, "search is missing"),
        ("DROP TABLE search; CREATE TABLE search (body)", "search_data", "data-only", UnsupportedObject, "otherwise"),
        ("DROP TABLE log", "log", "data-only", UsageError, "database has no table"),
        ("ALTER TABLE log RENAME COLUMN entry TO line", "log", "data-only", UsageError, "no column entry"),
        ("DROP TABLE log; CREATE TABLE log (entry, who NOT NULL)", "log", "data-only", UsageError, "no values.*who"),
    ],
)
def test_what_cannot_come_back_alone_is_refused_first(
    live: Path, private: Path, change: str, table: str, mode: str, error: type[Exception], words: str
) -> None:
    run(live, change)
    before = (definitions(live), query(live, "SELECT * FROM author"))
    with pytest.raises(error, match=words):
        replace_tables(alias(live), private, ["book", table], mode)
    assert (definitions(live), query(live, "SELECT * FROM author")) == before


def test_a_row_that_does_not_fit_undoes_everything(live: Path, private: Path) -> None:
    run(live, "DELETE FROM book WHERE id = 5; CREATE UNIQUE INDEX one_author ON book (author_id > 0)")
    before = query(live, "SELECT * FROM author")
    with pytest.raises(RestoreFailed, match="UNIQUE"):
        replace_tables(alias(live), private, ["author", "book"], "data-only")
    assert query(live, "SELECT * FROM author") == before


def test_counts_name_every_table_with_pages(live: Path) -> None:
    counts = current_counts(alias(live))
    assert (counts["author"], counts["book"], counts["sqlite_sequence"]) == (3, 2, 1)
    assert "search" not in counts
    assert "search_data" in counts
