"""Databases of SQLite that need what only their application has: they are backed up and restored page for page."""

from __future__ import annotations

import gzip
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.db import connections
from django.db.backends.signals import connection_created

import holdfast
from holdfast.exceptions import HoldfastError, UsageError
from holdfast.sqlite import freeze
from holdfast.trouble import is_trouble

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.backends.base.base import BaseDatabaseWrapper

    from tests.deployment import Deployment

# A collation in a key, in an index and in a foreign key, functions, tokenizers of both kinds of full-text search, and
# the module of an extension. What SQLite cannot be told from Python is written into the schema.
OBJECTS = """
CREATE TABLE word (word TEXT PRIMARY KEY COLLATE last_letter) WITHOUT ROWID;
CREATE TABLE meaning (word TEXT COLLATE last_letter REFERENCES word (word), id INTEGER, UNIQUE (word DESC, id));
CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT, twice TEXT AS (of_the_application(name)) VIRTUAL,
    CHECK (of_the_application(name) <> ''));
CREATE INDEX thing_name ON thing (name COLLATE last_letter);
CREATE INDEX thing_said ON thing (of_the_application(name)) WHERE of_the_application(name) <> 'b';
CREATE VIRTUAL TABLE five USING fts5 (words);
CREATE VIRTUAL TABLE four USING fts4 (words);
CREATE TABLE shape_rows (a);
CREATE TABLE amount (number TEXT);
INSERT INTO word VALUES ('az'), ('ba'), ('Café');
INSERT INTO meaning VALUES ('az', 1), ('ba', 2), ('ba', 3);
INSERT INTO thing VALUES (1, 'az'), (2, 'ba');
INSERT INTO five VALUES ('a tall tower');
INSERT INTO four VALUES ('a tall tower');
INSERT INTO amount VALUES ('12');
PRAGMA writable_schema = ON;
UPDATE sqlite_master SET sql = 'CREATE TABLE amount (number INTEGER)' WHERE name = 'amount';
UPDATE sqlite_master SET sql = 'CREATE VIRTUAL TABLE five USING fts5 (words, tokenize = ''of_ours'')' WHERE name = 'five';
UPDATE sqlite_master SET sql = 'CREATE VIRTUAL TABLE four USING fts4 (words, tokenize=of_ours)' WHERE name = 'four';
INSERT INTO sqlite_master VALUES ('table', 'shape', 'shape', 0, 'CREATE VIRTUAL TABLE shape USING of_ours (a)');
"""


def registered(database: sqlite3.Connection) -> None:
    database.create_function("of_the_application", 1, lambda text: text, deterministic=True)
    database.create_collation("last_letter", lambda one, other: (one[::-1] > other[::-1]) - (one[::-1] < other[::-1]))


def run(path: Path | str, script: str) -> None:
    with closing(sqlite3.connect(path)) as database:
        registered(database)
        database.executescript(script)


def query(path: Path | str, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as database:
        registered(database)
        return database.execute(sql).fetchall()


@pytest.fixture
def application(sqlite: Deployment) -> Iterator[Deployment]:
    """A database that nobody but its application understands, and this process is not it."""
    run(sqlite.name(), OBJECTS)
    with sqlite.in_process():
        yield replace(sqlite)


def pages(tmp_path: Path) -> bytes:
    copy = tmp_path / "pages"
    copy.unlink(missing_ok=True)
    freeze(connections["default"], copy)
    return copy.read_bytes()


def test_every_page_comes_back_without_the_application(application: Deployment, tmp_path: Path) -> None:
    before = pages(tmp_path)
    notices: list[str] = []
    report = holdfast.backup(on_event=lambda event: notices.append(event.get("text", "")))
    assert gzip.decompress(application.newest().read_bytes()) == before
    for part in ("five (no such tokenizer)", "four (unknown tokenizer: of_ours)", "shape (no such module: of_ours)"):
        assert any(f"not checked: the virtual tables {part}" in notice for notice in notices), notices
    assert "the foreign keys of meaning cannot be checked: no such collation sequence: last_letter" in " ".join(notices)
    assert set(report.notices) == {notice for notice in notices if notice}
    outcome = holdfast.validate("latest", "default", depth="deep")
    assert outcome.ok, outcome
    run(application.name(), "DELETE FROM word; DELETE FROM thing; DROP TABLE amount")
    assert holdfast.plan_restore().tables
    restored = holdfast.restore()
    assert restored.verified == "counts"
    assert pages(tmp_path) == before
    assert query(application.name(), "SELECT word FROM word ORDER BY word") == [("ba",), ("az",), ("Café",)]
    assert query(application.name(), "SELECT name FROM thing INDEXED BY thing_name WHERE name = 'ba'") == [("ba",)]


def test_damage_elsewhere_is_still_found(application: Deployment) -> None:
    run(application.name(), "CREATE TABLE large (a); INSERT INTO large VALUES (zeroblob(100000))")
    ((root,),) = query(application.name(), "SELECT rootpage FROM sqlite_master WHERE name = 'large'")
    ((size,),) = query(application.name(), "PRAGMA page_size")
    with Path(application.name()).open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xaa" * size)
    with pytest.raises(HoldfastError, match="the live database is damaged"):
        holdfast.backup()


def test_an_index_of_words_that_lies_is_told_and_refuses_nothing(application: Deployment) -> None:
    run(application.name(), "CREATE VIRTUAL TABLE plain USING fts5 (a); INSERT INTO plain VALUES ('one two')")
    run(application.name(), "UPDATE plain_content SET c0 = 'three'")
    assert any("full-text index plain contradicts its rows" in notice for notice in holdfast.backup().notices)
    run(application.name(), "CREATE VIRTUAL TABLE boxes USING rtree (id, a, b); INSERT INTO boxes VALUES (1, 1, 1)")
    for damage in ("zeroblob(length(data))", "x'00'"):
        run(application.name(), f"UPDATE boxes_node SET data = {damage}")
        with pytest.raises(HoldfastError, match="the live database is damaged"):
            holdfast.backup()


def test_a_virtual_table_may_have_any_name(sqlite: Deployment) -> None:
    name = '"Prices (EUR) using ""x""_fts"'
    run(sqlite.name(), f"CREATE VIRTUAL TABLE {name} USING \"fts5\" (a); INSERT INTO {name} VALUES ('one two')")
    with sqlite.in_process():
        holdfast.backup("default")
        run(sqlite.name(), f"DELETE FROM {name}")
        holdfast.restore("latest", "default", tables=[name[1:-1].replace('""', '"')], safety_backup="skip")
        assert query(sqlite.name(), f"SELECT a FROM {name} WHERE a MATCH 'two'") == [("one two",)]
        run(sqlite.name(), f"UPDATE {name[:-1]}_content\" SET c0 = 'three'")
        assert "contradicts its rows" in " ".join(holdfast.backup("default").notices)


def test_definitions_alone_need_nothing_of_the_application(application: Deployment, tmp_path: Path) -> None:
    run(
        application.name(),
        "CREATE VIRTUAL TABLE five_t USING fts5 (words); PRAGMA writable_schema = ON;"
        "UPDATE sqlite_master SET sql = replace(sql, ')', ', tokenize = ''of_ours'')') WHERE name = 'five_t'",
    )
    holdfast.backup(content="schema-only")
    private = tmp_path / "private"
    private.write_bytes(gzip.decompress(application.newest().read_bytes()))
    schema = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite%' ORDER BY name"
    assert query(private, schema) == query(application.name(), schema)
    assert query(private, "SELECT count(*) FROM word") == [(0,)]
    # The application has the tokenizer: here a known one stands for it.
    run(private, "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, 'of_ours', 'porter')")
    for name in ("five", "five_t", "four"):
        run(private, f"INSERT INTO {name} VALUES ('new words')")
        assert query(private, f"SELECT * FROM {name} WHERE {name} MATCH 'words'") == [("new words",)]
        run(private, f"INSERT INTO {name} ({name}) VALUES ('integrity-check')")


def test_what_stands_on_shadow_tables_is_a_definition_too(sqlite: Deployment, tmp_path: Path) -> None:
    run(
        sqlite.name(),
        "CREATE VIRTUAL TABLE note USING fts5 (words); CREATE TABLE log (id integer); CREATE INDEX by_id ON note_content (id);"
        "CREATE TRIGGER kept AFTER INSERT ON note_content BEGIN INSERT INTO log VALUES (new.id); END;"
        "INSERT INTO note VALUES ('old words')",
    )
    with sqlite.in_process():
        holdfast.backup("default", content="schema-only")
    private = tmp_path / "private"
    private.write_bytes(gzip.decompress(sqlite.newest().read_bytes()))
    schema = "SELECT type, name, sql FROM sqlite_master ORDER BY name"
    assert query(private, schema) == query(sqlite.name(), schema)
    assert query(private, "SELECT (SELECT count(*) FROM note), (SELECT count(*) FROM log)") == [(0, 0)]
    run(private, "INSERT INTO note VALUES ('new words')")
    assert query(private, "SELECT id FROM log") == [(1,)]


def test_rows_cannot_be_left_out_where_only_the_application_can_sort(application: Deployment) -> None:
    with pytest.raises(UsageError, match="collation last_letter") as caught:
        holdfast.backup(exclude_table_data=["thing"])
    assert "without excluded tables" in (caught.value.hint or "")
    # What the settings ask for, nobody has mistyped: that is a failure, which alarms tell.
    settled = replace(application, settings={**application.settings, "EXCLUDE_TABLE_DATA": {"default": ["thing"]}})
    with settled.in_process():
        with pytest.raises(HoldfastError, match="collation last_letter") as caught:
            holdfast.backup()
        assert is_trouble(caught.value)
    assert application.files() == []


def test_tables_come_back_through_what_receivers_register(application: Deployment) -> None:
    holdfast.backup()
    run(application.name(), "DELETE FROM word; DELETE FROM thing; DELETE FROM meaning")

    def receiver(connection: BaseDatabaseWrapper, **_others: object) -> None:
        registered(connection.connection)

    connection_created.connect(receiver)
    try:
        holdfast.restore(tables=["word", "thing", "meaning"], safety_backup="skip")
    finally:
        connection_created.disconnect(receiver)
    assert query(application.name(), "SELECT word FROM word ORDER BY word") == [("ba",), ("az",), ("Café",)]
    assert query(application.name(), "SELECT count(*) FROM meaning WHERE word = 'ba'") == [(2,)]
    assert query(application.name(), "PRAGMA integrity_check('thing')") == [("ok",)]


def test_attached_files_are_named(sqlite: Deployment, tmp_path: Path) -> None:
    run(tmp_path / "other.sqlite3", "CREATE TABLE t (a)")
    databases = {
        **sqlite.databases,
        "default": {
            **sqlite.databases["default"],
            "OPTIONS": {
                "init_command": f"ATTACH DATABASE '{tmp_path / 'other.sqlite3'}' AS other;"
                f"ATTACH DATABASE '{sqlite.name('second')}' AS second"
            },
        },
    }
    outcome = replace(sqlite, databases=databases).run("backup_db", "--database", "default")
    assert f"attaches {tmp_path / 'other.sqlite3'}, which is not in this backup" in outcome.text
    assert "second.sqlite3" not in outcome.text


def test_all_rows_come_back_beside_a_full_text_index(sqlite: Deployment) -> None:
    run(sqlite.name(), "CREATE VIRTUAL TABLE search USING fts5 (a); INSERT INTO search VALUES ('lighthouse')")
    before = sqlite.states()
    sqlite.run("backup_db", "--database", "default")
    run(sqlite.name(), "DELETE FROM catalog_document; DELETE FROM search; INSERT INTO search VALUES ('runway')")
    outcome = sqlite.run("restore_db", "--data-only", "--no-input")
    assert "without the rows" not in outcome.text
    assert query(sqlite.name(), "SELECT a FROM search WHERE search MATCH 'lighthouse'") == [("lighthouse",)]
    assert query(sqlite.name(), "SELECT a FROM search WHERE search MATCH 'runway'") == []
    run(sqlite.name(), "DROP TABLE search")
    sqlite.run("restore_db", "--table", "search", "--no-input", "--no-safety-backup")
    assert query(sqlite.name(), "SELECT a FROM search WHERE search MATCH 'lighthouse'") == [("lighthouse",)]
    sqlite.assert_unchanged(before)


def test_an_encrypted_database_is_refused_without_a_traceback(sqlite: Deployment) -> None:
    settings = {"ENGINE": "tests.engines.encrypted", "NAME": str(sqlite.folder / "secret"), "OPTIONS": {"key": "k"}}
    encrypted = replace(sqlite, databases={"default": settings})
    with encrypted.in_process():
        connections["default"].cursor().execute("CREATE TABLE t (a)")
    for command in (["backup_db"], ["check_backups"]):
        outcome = encrypted.run(*command, code=1)
        assert "encrypted" in outcome.text
        assert "sqlcipher_export()" in outcome.text
        assert "Traceback" not in outcome.text
    settings["OPTIONS"] = {}
    assert "or it is encrypted" in encrypted.run("backup_db", code=1).text
    assert encrypted.files() == []


@pytest.mark.parametrize("engine", ["encrypted", "traced"])
def test_another_library_and_a_proxy_copy_like_python_itself(sqlite: Deployment, engine: str) -> None:
    before = sqlite.states()
    default = {**sqlite.databases["default"], "ENGINE": f"tests.engines.{engine}"}
    other = replace(sqlite, databases={**sqlite.databases, "default": default})
    with other.in_process():
        holdfast.backup("default")
        sqlite.wreck()
        holdfast.restore("latest", "default", safety_backup="skip")
        sqlite.execute("DELETE FROM catalog_document")
        holdfast.restore("latest", "default", tables=["catalog_document"], safety_backup="skip")
    sqlite.assert_unchanged(before)


TRACES = """
CREATE TABLE secret (id INTEGER PRIMARY KEY, body TEXT);
CREATE VIRTUAL TABLE secret_five USING fts5 (body, content = 'secret', content_rowid = 'id');
CREATE VIRTUAL TABLE secret_four USING fts4 (body, content="secret");
CREATE VIRTUAL TABLE secret_own USING fts5 (body);
CREATE TABLE secret_log (body TEXT);
CREATE TRIGGER secret_added AFTER INSERT ON secret BEGIN
    INSERT INTO secret_five (rowid, body) VALUES (new.id, new.body);
    INSERT INTO secret_four (docid, body) VALUES (new.id, new.body);
    INSERT INTO secret_own (rowid, body) VALUES (new.id, new.body);
    INSERT INTO secret_log VALUES (new.body);
END;
INSERT INTO secret (body) VALUES ('lighthousekeeper');
CREATE VIRTUAL TABLE box USING rtree (box, low, high);
INSERT INTO box VALUES (5, 1, 2);
"""


def test_traces_of_rows_that_are_left_out_are_named_and_can_be_left_out_too(sqlite: Deployment, tmp_path: Path) -> None:
    run(sqlite.name(), TRACES)
    with sqlite.in_process():
        report = holdfast.backup("default", exclude_table_data=["secret"])
        assert any(
            "kept of them in secret_five, secret_four, secret_log, secret_own" in text for text in report.notices
        )
        traces = ["secret_own", "secret_five", "secret_four", "secret_log"]
        report = holdfast.backup("default", exclude_table_data=[*traces, "secret", "box"])
    assert report.notices == ()
    content = gzip.decompress(report.path.read_bytes())
    assert b"lighthousekeeper" not in content
    (tmp_path / "private").write_bytes(content)
    assert query(tmp_path / "private", "SELECT * FROM box") == []
    run(tmp_path / "private", "INSERT INTO secret (body) VALUES ('lamp')")
    for name in ("secret_five", "secret_four", "secret_own"):
        found = f"SELECT count(*) FROM {name} WHERE {name} MATCH 'lamp OR lighthousekeeper'"
        assert query(tmp_path / "private", found) == [(1,)]
        run(tmp_path / "private", f"INSERT INTO {name} ({name}) VALUES ('integrity-check')")


def test_rows_without_a_key_keep_their_numbers_where_others_are_left_out(sqlite: Deployment) -> None:
    """An index beside the table finds its rows by these numbers."""
    sqlite.execute(
        "CREATE TABLE keyless (word); CREATE TABLE visits (page);"
        "INSERT INTO keyless VALUES ('one'), ('two'), ('three'); INSERT INTO visits VALUES ('/');"
        "DELETE FROM keyless WHERE word = 'one'; SELECT 1"
    )
    numbered = sqlite.execute("SELECT rowid, word FROM keyless")
    sqlite.run("backup_db", "--database", "default", "--exclude-table-data", "visits")
    sqlite.execute("DELETE FROM keyless; SELECT 1")
    sqlite.run("restore_db", sqlite.newest().name, "--no-input", "--no-safety-backup", "--database", "default")
    assert sqlite.execute("SELECT rowid, word FROM keyless") == numbered == [(2, "two"), (3, "three")]
    assert sqlite.execute("SELECT count(*) FROM visits") == [(0,)]
