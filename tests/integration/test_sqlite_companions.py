"""What triggers keep beside a table of SQLite: it comes back with the table, or the restore says why it does not."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.db.backends.signals import connection_created
from django.db.utils import ConnectionHandler

from holdfast.exceptions import DatabaseError, HoldfastError, RestoreFailed, UnsupportedObject
from holdfast.sqlite import attached_files, current_counts, freeze, replace_tables, thaw

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from django.db.backends.base.base import BaseDatabaseWrapper

if not settings.configured:
    settings.configure()

# Full-text indexes as Django packages make them (Wagtail among them), places as SpatiaLite keeps them, counters as
# sqlite-utils does.
BLOG = """
CREATE TABLE post (id INTEGER PRIMARY KEY, title TEXT, body TEXT, x REAL);
CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT);
CREATE TABLE counts (name TEXT PRIMARY KEY, rows INTEGER);
CREATE TABLE totals (rows INTEGER);
CREATE TABLE log (entry TEXT);
CREATE VIEW titles AS SELECT id, title FROM post;
CREATE VIRTUAL TABLE outside USING fts5 (title, body, content = 'post', content_rowid = 'id');
CREATE VIRTUAL TABLE over_view USING fts5 (title, content="titles", content_rowid=id);
CREATE VIRTUAL TABLE fourth USING fts4 (title, content="post");
CREATE VIRTUAL TABLE without USING fts5 (body, content='');
CREATE VIRTUAL TABLE own USING fts5 (body);
CREATE VIRTUAL TABLE place USING rtree (id, low, high);
CREATE VIRTUAL TABLE alone USING fts5 (words);
CREATE TRIGGER post_added AFTER INSERT ON post BEGIN
    INSERT INTO outside (rowid, title, body) VALUES (new.id, new.title, new.body);
    INSERT INTO over_view (rowid, title) VALUES (new.id, new.title);
    INSERT INTO fourth (docid, title) VALUES (new.id, new.title);
    INSERT INTO without (rowid, body) VALUES (new.id, new.body);
    INSERT INTO own (rowid, body) VALUES (new.id, of_the_application(new.body));
    INSERT INTO place VALUES (new.id, new.x, new.x);
    INSERT INTO log VALUES ('added');
END;
CREATE TRIGGER post_removed AFTER DELETE ON post BEGIN
    INSERT INTO outside (outside, rowid, title, body) VALUES ('delete', old.id, old.title, old.body);
    INSERT INTO over_view (over_view, rowid, title) VALUES ('delete', old.id, old.title);
    INSERT INTO without (without, rowid, body) VALUES ('delete', old.id, old.body);
    DELETE FROM own WHERE rowid = old.id;
    DELETE FROM place WHERE id = old.id;
END;
CREATE TRIGGER post_leaves BEFORE DELETE ON post BEGIN DELETE FROM fourth WHERE docid = old.id; END;
CREATE TRIGGER post_changed AFTER UPDATE ON post BEGIN UPDATE own SET body = new.body WHERE rowid = new.id; END;
CREATE TRIGGER counted AFTER INSERT ON counts BEGIN UPDATE totals SET rows = new.rows; END;
CREATE TRIGGER note_added AFTER INSERT ON note BEGIN
    INSERT OR REPLACE INTO counts VALUES ('note', 1 + coalesce((SELECT rows FROM counts WHERE name = 'note'), 0));
END;
INSERT INTO post VALUES (1, 'lighthouse', 'a tall tower', 1), (2, 'harbour', 'a quiet tower', 2);
INSERT INTO note (text) VALUES ('first');
INSERT INTO alone VALUES ('lantern');
"""
LATER = """
DELETE FROM post WHERE id = 1;
INSERT INTO post VALUES (7, 'airport', 'a loud tower', 7);
INSERT INTO note (text) VALUES ('second');
DELETE FROM alone;
INSERT INTO alone VALUES ('runway');
"""
NEWER = """
CREATE VIRTUAL TABLE newer USING fts5 (a);
CREATE TRIGGER newer_added AFTER INSERT ON post BEGIN INSERT INTO newer VALUES (new.title); END;
"""
SEARCHES = (
    "SELECT rowid FROM outside WHERE outside MATCH 'tower' ORDER BY 1",
    "SELECT rowid FROM over_view WHERE over_view MATCH 'lighthouse OR harbour OR airport' ORDER BY 1",
    "SELECT docid FROM fourth WHERE fourth MATCH 'lighthouse OR harbour OR airport' ORDER BY 1",
    "SELECT rowid FROM without WHERE without MATCH 'tower' ORDER BY 1",
    "SELECT rowid FROM own WHERE own MATCH 'tower' ORDER BY 1",
    "SELECT id FROM place WHERE low > 0 ORDER BY 1",
)
POSTS, POSTS_LATER = [[(1,), (2,)]] * len(SEARCHES), [[(2,), (7,)]] * len(SEARCHES)
MODES = pytest.mark.parametrize("mode", ["full", "data-only"])


def alias(path: Path, **options: object) -> BaseDatabaseWrapper:
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": path, "OPTIONS": options}
    return ConnectionHandler({"default": database})["default"]


def registered(database: sqlite3.Connection) -> None:
    database.create_function("of_the_application", 1, lambda text: text, deterministic=True)
    database.create_collation("last_letter", lambda one, other: (one[::-1] > other[::-1]) - (one[::-1] < other[::-1]))


def run(path: Path, script: str) -> Path:
    with closing(sqlite3.connect(path)) as database:
        registered(database)
        database.executescript(script)
    return path


def query(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as database:
        registered(database)
        return database.execute(sql).fetchall()


def searches(path: Path) -> list[list[tuple[object, ...]]]:
    return [query(path, search) for search in SEARCHES]


def assert_whole(path: Path) -> None:
    for name in ("outside", "over_view", "fourth", "own", "alone"):
        run(path, f"INSERT INTO {name} ({name}) VALUES ('integrity-check')")
    assert query(path, "PRAGMA integrity_check") == [("ok",)]
    assert query(path, "SELECT rtreecheck('place')") == [("ok",)]


@pytest.fixture
def private(tmp_path: Path) -> Path:
    return run(tmp_path / "private", BLOG)


@pytest.fixture
def live(tmp_path: Path) -> Path:
    path = run(tmp_path / "live", BLOG + LATER)
    assert searches(path) == POSTS_LATER
    return path


@pytest.fixture
def application() -> Iterator[None]:
    """Registers something with every connection, as receivers of Django's signal do."""

    def receiver(connection: BaseDatabaseWrapper, **_others: object) -> None:
        registered(connection.connection)
        # Its own idea of rows must not become ours.
        connection.connection.row_factory = lambda _cursor, row: {"row": row}

    connection_created.connect(receiver)
    yield
    connection_created.disconnect(receiver)


@MODES
def test_indexes_come_back_with_their_table(live: Path, private: Path, mode: str) -> None:
    warnings = replace_tables(alias(live), private, ["post"], mode)
    assert searches(live) == POSTS
    assert query(live, "SELECT id FROM post") == [(1,), (2,)]
    assert query(live, "SELECT * FROM alone") == [("runway",)], "nothing of post is in it"
    assert query(live, "SELECT count(*) FROM log") == [(3,)]
    assert warnings == ["log, which the triggers of post write, stays as it is"]
    assert_whole(live)
    # The triggers go on.
    run(live, LATER.partition(";")[0])
    assert searches(live) == [[(2,)]] * len(SEARCHES)


def test_an_index_that_is_gone_comes_back_with_the_definition(live: Path, private: Path) -> None:
    run(live, "DROP TRIGGER post_removed; DROP TABLE outside; DROP TABLE own; DROP TABLE place; DROP TABLE alone")
    replace_tables(alias(live), private, ["post", "alone"], "full")
    assert searches(live) == POSTS
    assert query(live, "SELECT * FROM alone") == [("lantern",)]
    assert_whole(live)


def test_all_rows_of_a_database_with_indexes_come_back(live: Path, private: Path) -> None:
    tables = [
        name for (name,) in query(private, "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0")
    ]
    replace_tables(alias(live), private, tables, "data-only")
    assert searches(live) == POSTS
    for table in ("post", "note", "counts", "log", "alone"):
        assert query(live, f"SELECT * FROM {table}") == query(private, f"SELECT * FROM {table}")
    assert_whole(live)


@MODES
@pytest.mark.parametrize(
    ("before", "tables", "words", "way_on"),
    [
        ("", ["note"], "triggers of note keep counts, totals", "--table counts --table totals"),
        (
            "CREATE TRIGGER noted AFTER INSERT ON note BEGIN INSERT INTO own (body) VALUES (new.text); END",
            ["post"], "own is also kept by the triggers of note", "--table note",
        ),
        (
            NEWER, ["post"], "newer, .* is not in the backup", "Drop it",
        ),
    ],
)  # fmt: skip
def test_what_would_no_longer_fit_is_refused_first(
    live: Path, private: Path, mode: str, before: str, tables: list[str], words: str, way_on: str
) -> None:
    run(live, before)
    contents = [query(live, f"SELECT * FROM {table}") for table in ("post", "note", "counts")]
    with pytest.raises(UnsupportedObject, match=words) as caught:
        replace_tables(alias(live), private, tables, mode)
    assert way_on in caught.value.hint
    assert [query(live, f"SELECT * FROM {table}") for table in ("post", "note", "counts")] == contents
    assert searches(live) == POSTS_LATER


def test_a_trigger_that_fails_hides_no_other(live: Path, private: Path) -> None:
    run(
        live,
        "CREATE TABLE last (name UNIQUE ON CONFLICT REPLACE, entry); CREATE TABLE message (text);"
        "CREATE TRIGGER broken AFTER INSERT ON message BEGIN INSERT INTO nowhere VALUES (1); END;"
        "CREATE TRIGGER removed AFTER DELETE ON message BEGIN INSERT INTO last VALUES ('message', old.text); END",
    )
    run(private, "CREATE TABLE message (text)")
    with pytest.raises(UnsupportedObject, match="triggers of message keep last"):
        replace_tables(alias(live), private, ["message"], "data-only")


def test_counters_come_back_with_their_table_and_alone_with_a_warning(live: Path, private: Path) -> None:
    replace_tables(alias(live), private, ["note", "counts", "totals"], "full")
    assert query(live, "SELECT rows FROM counts") == query(live, "SELECT count(*) FROM note") == [(1,)]
    warnings = replace_tables(alias(live), private, ["counts", "totals"], "data-only")
    assert warnings == ["counts, totals: kept by the triggers of note, which stays as it is"]


def test_an_index_that_cannot_be_rebuilt_stops_the_restore(live: Path, private: Path) -> None:
    run(
        live,
        "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, 'content_rowid =', "
        "'tokenize = ''of_the_application'', content_rowid =') WHERE name = 'outside'",
    )
    with pytest.raises(HoldfastError, match=r"tokenizer|cannot be rebuilt"):
        replace_tables(alias(live), private, ["post"], "full")
    assert query(live, "SELECT id FROM post") == [(2,), (7,)]


APPLICATION = """
CREATE TABLE word (word TEXT PRIMARY KEY COLLATE last_letter) WITHOUT ROWID;
CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT, CHECK (of_the_application(name) <> ''));
CREATE INDEX thing_name ON thing (name COLLATE last_letter);
CREATE INDEX thing_said ON thing (of_the_application(name));
INSERT INTO word VALUES ('az'), ('ba');
INSERT INTO thing VALUES (1, 'az'), (2, 'ba');
"""


@MODES
@pytest.mark.usefixtures("application")
def test_receivers_prepare_connections_that_write(tmp_path: Path, mode: str) -> None:
    private = run(tmp_path / "private", APPLICATION)
    live = run(tmp_path / "live", APPLICATION + "DELETE FROM thing; DELETE FROM word")
    replace_tables(alias(live), private, ["thing", "word"], mode)
    assert query(live, "SELECT name FROM thing ORDER BY name COLLATE last_letter") == [("ba",), ("az",)]
    assert query(live, "SELECT word FROM word ORDER BY word COLLATE last_letter") == [("ba",), ("az",)]
    assert query(live, "PRAGMA integrity_check") == [("ok",)]


def test_without_its_receivers_whole_databases_move_and_parts_are_refused(tmp_path: Path) -> None:
    private = run(tmp_path / "private", APPLICATION)
    live = run(tmp_path / "live", APPLICATION + "DELETE FROM thing; DELETE FROM word")
    assert current_counts(alias(live)) == {"thing": 0, "word": 0}
    with pytest.raises(DatabaseError, match="what only the application has: unknown function") as caught:
        replace_tables(alias(live), private, ["thing"], "data-only")
    assert "connection_created" in caught.value.hint
    thaw(alias(live), private)
    freeze(alias(live), tmp_path / "copy")
    assert query(tmp_path / "copy", "SELECT * FROM word") == [("ba",), ("az",)]


def test_a_receiver_that_fails_stops_parts_alone(tmp_path: Path) -> None:
    def receiver(connection: BaseDatabaseWrapper, **_others: object) -> None:
        connection.cursor().execute("SELECT * FROM table_that_was_lost")

    private = run(tmp_path / "private", APPLICATION)
    live = run(tmp_path / "live", APPLICATION + "DELETE FROM thing")
    connection_created.connect(receiver)
    try:
        with pytest.raises(DatabaseError, match=r"receiver of connection_created failed.*table_that_was_lost"):
            replace_tables(alias(live), private, ["thing"], "full")
        thaw(alias(live), private)
        assert current_counts(alias(live)) == {"thing": 2, "word": 2}
    finally:
        connection_created.disconnect(receiver)


@pytest.mark.usefixtures("application")
def test_attached_files_are_found(tmp_path: Path) -> None:
    other = run(tmp_path / "other", "CREATE TABLE t (a)")
    live = run(tmp_path / "live", "CREATE TABLE t (a)")
    command = f"ATTACH DATABASE '{other}' AS other; ATTACH DATABASE ':memory:' AS scratch"
    assert attached_files(alias(live, init_command=command)) == [other]
    assert attached_files(alias(live)) == []


def test_a_rebuild_that_fails_is_told(live: Path, private: Path) -> None:
    run(
        live, "DROP VIEW titles; CREATE VIEW titles AS SELECT id, title FROM post WHERE of_the_application(title) <> ''"
    )
    with pytest.raises(RestoreFailed, match="over_view cannot be rebuilt"):
        replace_tables(alias(live), private, ["post"], "data-only")
    assert searches(live)[0] == [(2,), (7,)]


KEYS = """
CREATE TABLE Page (site INTEGER, slug TEXT, PRIMARY KEY (site, slug));
CREATE TABLE day (id INTEGER PRIMARY KEY DESC, name TEXT);
CREATE TABLE log (entry TEXT);
CREATE TRIGGER added AFTER INSERT ON page BEGIN INSERT INTO log VALUES (new.slug); END;
INSERT INTO Page VALUES (1, 'gone'), (1, 'kept');
DELETE FROM Page WHERE slug = 'gone';
INSERT INTO day VALUES (30, 'gone'), (20, 'kept');
DELETE FROM day WHERE name = 'gone';
DELETE FROM log;
"""


@MODES
def test_row_numbers_and_triggers_survive_whatever_the_key_and_the_case(tmp_path: Path, mode: str) -> None:
    private, live = run(tmp_path / "private", KEYS), run(tmp_path / "live", KEYS)
    run(live, "DELETE FROM page; DELETE FROM day")
    replace_tables(alias(live), private, ["Page", "day"], mode)
    assert query(live, "SELECT rowid, slug FROM page") == [(2, "kept")]
    assert query(live, "SELECT rowid, id FROM day") == [(2, 20)]
    assert query(live, "SELECT * FROM log") == [], "no trigger may fire"
    assert query(live, "SELECT name FROM sqlite_master WHERE type = 'trigger'") == [("added",)]


PUBLISHED = """
CREATE TABLE post (id INTEGER PRIMARY KEY, title TEXT, published);
CREATE VIRTUAL TABLE found USING fts5 (title, content = 'post', content_rowid = 'id');
CREATE TRIGGER added AFTER INSERT ON post WHEN new.published BEGIN
    INSERT INTO found (rowid, title) VALUES (new.id, new.title);
END;
INSERT INTO post VALUES (1, 'open tower', 1), (2, 'secret tower', 0);
"""


@MODES
def test_rows_that_an_index_leaves_out_stay_out_of_it(tmp_path: Path, mode: str) -> None:
    private, live = run(tmp_path / "private", PUBLISHED), run(tmp_path / "live", PUBLISHED)
    run(live, "DELETE FROM post; INSERT INTO found (found) VALUES ('rebuild')")
    found = "SELECT rowid FROM found WHERE found MATCH 'tower'"
    assert replace_tables(alias(live), private, ["post"], mode) == []
    assert query(live, found) == [(1,)]
    run(
        live,
        "CREATE TABLE other (a); CREATE TRIGGER other_added AFTER INSERT ON other BEGIN "
        "INSERT INTO found (rowid, title) VALUES (9, new.a); END",
    )
    warnings = replace_tables(alias(live), private, ["post"], mode)
    assert warnings == ["found is built anew, and so from every row of post"]
    assert query(live, found) == [(1,), (2,)]
