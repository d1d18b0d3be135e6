"""Parts of a PostgreSQL database: what is named becomes as in the backup, and nothing around it changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.deployment import Deployment
from tests.servers import Server

RESTORE = ("restore_db", "latest", "--no-input", "--no-safety-backup")

LIBRARY = """
CREATE SCHEMA kinds; CREATE TYPE kinds.mood AS ENUM ('sad', 'happy'); COMMENT ON TYPE kinds.mood IS 'how it feels';
GRANT USAGE, CREATE ON SCHEMA public TO lib_keeper;
CREATE FUNCTION kinds.stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.seen := 1; RETURN NEW; END';
CREATE FUNCTION kinds.longer(text) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT length($1)';
CREATE TABLE author (id int PRIMARY KEY, name text);
CREATE TABLE book (
    id serial PRIMARY KEY, number int GENERATED ALWAYS AS IDENTITY, title text NOT NULL, mood kinds.mood,
    author int REFERENCES author, twin int CONSTRAINT twins REFERENCES book DEFERRABLE, seen int,
    length int GENERATED ALWAYS AS (kinds.longer(title)) STORED, CHECK (title <> '')
);
CREATE INDEX "Odd Index" ON book (lower(title)) WHERE mood = 'happy';
CREATE STATISTICS book_statistics ON author, mood FROM book;
CREATE TRIGGER stamped BEFORE INSERT ON book FOR EACH ROW EXECUTE FUNCTION kinds.stamp();
ALTER TABLE book ENABLE ALWAYS TRIGGER stamped;
CREATE POLICY mine ON book USING (seen > 0);
ALTER TABLE book ENABLE ROW LEVEL SECURITY;
COMMENT ON TABLE book IS 'paper'; COMMENT ON COLUMN book.title IS 'on the spine'; COMMENT ON INDEX "Odd Index" IS 'odd';
COMMENT ON CONSTRAINT twins ON book IS 'of the same mother';
GRANT SELECT ON book TO lib_reader; GRANT UPDATE (title) ON book TO lib_writer; GRANT USAGE ON SEQUENCE book_id_seq TO lib_writer;
ALTER TABLE book OWNER TO lib_keeper;
CREATE TABLE review (book int, text text);
ALTER TABLE review ADD FOREIGN KEY (book) REFERENCES book ON DELETE CASCADE NOT VALID;
COMMENT ON CONSTRAINT review_book_fkey ON review IS 'from outside';
CREATE VIEW titles AS SELECT id, title FROM book; GRANT SELECT ON titles TO lib_reader; COMMENT ON VIEW titles IS 'above';
CREATE VIEW long_titles AS SELECT * FROM titles WHERE length(title) > 3;
CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM book; CREATE INDEX ON counted (count);
CREATE POLICY by_book ON review USING (EXISTS (SELECT FROM book WHERE id = review.book));
INSERT INTO author VALUES (1, 'Ann');
INSERT INTO book (title, mood, author, twin) VALUES ('One', 'sad', 1, 1), ('Second', 'happy', 1, 1);
INSERT INTO review VALUES (2, 'good');
REFRESH MATERIALIZED VIEW counted;
"""


@pytest.fixture(scope="module")
def roles(servers: Callable[[int], Server]) -> None:
    for role in ("lib_reader", "lib_writer", "lib_keeper"):
        servers(18).create_role(role)


@pytest.fixture
def library(roles: None, postgresql_with: Callable[[str], Deployment]) -> Deployment:  # noqa: ARG001 - a fixture
    deployment = postgresql_with(LIBRARY)
    deployment.run("backup_db")
    return deployment


def dump(deployment: Deployment) -> str:
    assert deployment.server is not None
    return deployment.server.pg_dump(deployment.name())


@contextmanager
def unchanged(deployment: Deployment) -> Iterator[None]:
    """The whole text of the database, owners and grants with it, stays the same."""
    before = dump(deployment)
    yield
    assert dump(deployment) == before


def plan(deployment: Deployment, *options: str) -> str:
    return deployment.run("restore_db", "latest", "--dry-run", *options).out


@pytest.mark.parametrize(
    "options",
    [("--table", "book"), ("--table", "book", "--owners"), ("--table", "book", "--verify"), ("--schema", "kinds"),
     ("--schema", "public"), ("--schema", "public", "--schema", "kinds"), ("--data-only",),
     ("--table", "book", "--data-only"), ("--schema", "public", "--data-only")],
    ids=" ".join,
)  # fmt: skip
def test_what_is_as_in_the_backup_stays_as_it_is(library: Deployment, options: tuple[str, ...]) -> None:
    if "kinds" in options and "public" not in options:
        with unchanged(library):
            error = library.run(*RESTORE, *options, code=2).err
        assert "table public.book" in error
        return
    with unchanged(library):
        library.run(*RESTORE, *options)


def test_a_table_comes_back_with_all_that_is_its_own(library: Deployment) -> None:
    before = dump(library)
    library.execute(
        "DROP VIEW long_titles; DELETE FROM review; DELETE FROM book; ALTER TABLE book DROP seen CASCADE, ADD extra int;"
        "DROP INDEX \"Odd Index\"; COMMENT ON TABLE book IS NULL; SELECT setval('book_id_seq', 99);"
        "INSERT INTO author VALUES (2, 'Ben')"
    )
    library.run(*RESTORE, "--table", "book")
    library.execute(
        "DELETE FROM author WHERE id = 2; INSERT INTO review VALUES (2, 'good');"
        "CREATE VIEW long_titles AS SELECT * FROM titles WHERE length(title) > 3; REFRESH MATERIALIZED VIEW counted"
    )
    assert dump(library) == before


def test_the_plan_names_what_is_put_aside(library: Deployment) -> None:
    text = plan(library, "--table", "book")
    for name in ("view public.titles", "view public.long_titles", "materialized view public.counted",
                 "fk constraint review_book_fkey of public.review", "policy by_book of public.review"):  # fmt: skip
        assert f"{name} (put aside" in text
    assert "Dropped" not in text
    assert "keeps its owner and grants" in text


def test_rights_that_came_since_the_backup_stay(library: Deployment) -> None:
    library.execute(
        "ALTER TABLE book OWNER TO lib_writer; REVOKE SELECT ON book FROM lib_reader; GRANT DELETE ON book TO lib_reader;"
        "ALTER TABLE book ADD late int; GRANT SELECT (late), UPDATE (author) ON book TO lib_reader"
    )
    rights = (
        "SELECT relowner::regrole, coalesce(relacl, acldefault((CASE relkind WHEN 'S' THEN 's' ELSE 'r' END)::\"char\", relowner))"
        " FROM pg_class WHERE relname IN ('book', 'book_id_seq') ORDER BY relname"
    )
    columns = (
        "SELECT attname, attacl FROM pg_attribute WHERE attrelid = 'book'::regclass AND attacl IS NOT NULL ORDER BY 1"
    )
    before = library.execute(rights)
    library.run(*RESTORE, "--table", "book")
    assert library.execute(rights) == before
    assert library.execute(columns) == [("author", "{lib_reader=w/lib_writer}"), ("title", "{lib_writer=w/lib_writer}")]


def test_what_the_table_needs_is_brought_along(library: Deployment) -> None:
    before = dump(library)
    library.execute("DROP TABLE book CASCADE; DROP SCHEMA kinds CASCADE; DROP TABLE author")
    text = plan(library, "--table", "book", "--owners")
    assert "type kinds.mood" in text
    assert "function kinds.stamp()" in text
    assert "the foreign key book_author_fkey of public.book is left out: public.author" in text
    assert "book_author_fkey" in library.run(*RESTORE, "--table", "book", "--owners").err
    # The backup without the key is what there is now.
    assert "how it feels" in dump(library)
    assert library.execute("SELECT conname FROM pg_constraint WHERE contype = 'f'") == [("twins",)]
    library.run(*RESTORE, "--table", "author", "--table", "book", "--table", "review", "--owners")
    library.run(*RESTORE, "--schema", "public", "--owners")
    assert dump(library) == before


@pytest.mark.parametrize(
    ("depends", "named"),
    [
        ("CREATE TABLE rare () INHERITS (book)", "table public.rare"),
        ("CREATE TABLE shelf (place int, content book)", "table public.shelf"),
    ],
)
def test_what_cannot_be_put_aside_is_named_before_anything_happens(
    library: Deployment, depends: str, named: str
) -> None:
    library.execute(depends)
    with unchanged(library):
        for command in (("restore_db", "latest", "--dry-run"), RESTORE):
            assert named in library.run(*command, "--table", "book", code=2).err


def test_rules_of_others_stay_and_those_of_the_table_are_as_in_the_backup(library: Deployment) -> None:
    before = dump(library)
    library.execute("CREATE RULE own AS ON DELETE TO book DO ALSO DELETE FROM author")
    library.run(*RESTORE, "--table", "book")
    assert dump(library) == before
    library.execute("CREATE RULE silent AS ON DELETE TO author DO ALSO DELETE FROM book")
    with unchanged(library):
        assert "rule silent of public.author" in library.run(*RESTORE, "--table", "book").out


def test_a_view_that_does_not_fit_any_more_is_named(library: Deployment) -> None:
    library.execute("ALTER TABLE book ADD late int; CREATE VIEW latest AS SELECT late FROM book")
    with unchanged(library):
        assert "view public.latest" in library.run(*RESTORE, "--table", "book", code=1).err


def test_a_view_in_place_of_the_table_is_named(library: Deployment) -> None:
    library.execute("ALTER TABLE review RENAME TO reviews; CREATE VIEW review AS SELECT 1 AS one")
    with unchanged(library):
        assert "a view in the database" in library.run(*RESTORE, "--table", "review", code=2).err


PARTITIONS = """
CREATE TABLE log (id int, day int, text text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM (0) TO (10) PARTITION BY LIST (id);
CREATE TABLE log_1_even PARTITION OF log_1 FOR VALUES IN (0, 2, 4, 6, 8);
CREATE TABLE log_1_odd PARTITION OF log_1 FOR VALUES IN (1, 3, 5, 7, 9);
CREATE TABLE log_2 PARTITION OF log FOR VALUES FROM (10) TO (20);
CREATE INDEX ON log (text); CREATE INDEX special ON log_2 (id);
CREATE TABLE note (id int, day int, FOREIGN KEY (id, day) REFERENCES log);
INSERT INTO log SELECT n % 10, n, 'row' FROM generate_series(0, 19) n; INSERT INTO note VALUES (3, 3);
"""


@pytest.mark.parametrize("scope", [(), ("--data-only",)], ids=["full", "data-only"])
def test_a_partitioned_table_comes_with_its_partitions(
    postgresql_with: Callable[[str], Deployment], scope: tuple[str, ...]
) -> None:
    deployment = postgresql_with(PARTITIONS)
    deployment.run("backup_db")
    with unchanged(deployment):
        deployment.run(*RESTORE, "--table", "log", *scope)
    before = dump(deployment)
    deployment.execute(
        "DELETE FROM log WHERE day IN (4, 14); CREATE TABLE log_3 PARTITION OF log FOR VALUES FROM (20) TO (30);"
        "INSERT INTO log VALUES (1, 21)"
    )
    text = plan(deployment, "--table", "log", *scope)
    assert ("table public.log_3" in text) == (scope == ())
    assert "public.log_3" in text
    deployment.run(*RESTORE, "--table", "log", *scope)
    if scope:
        assert deployment.execute("SELECT count(*) FROM log_3") == [("0",)]
        deployment.execute("ALTER TABLE log DETACH PARTITION log_3; DROP TABLE log_3")
    assert dump(deployment) == before


@pytest.mark.parametrize("scope", [(), ("--data-only",)], ids=str)
def test_a_table_that_became_a_partition_is_not_lost(
    postgresql_with: Callable[[str], Deployment], scope: tuple[str, ...]
) -> None:
    measures = postgresql_with("""
        CREATE TABLE measure (day int) PARTITION BY RANGE (day);
        CREATE TABLE early (day int); INSERT INTO early VALUES (1), (2);
    """)
    measures.run("backup_db")
    measures.execute("ALTER TABLE measure ATTACH PARTITION early FOR VALUES FROM (0) TO (10)")
    with unchanged(measures):
        outcome = measures.run(*RESTORE, "--table", "measure", *scope, code=2)
    assert "public.early" in outcome.err
    assert "--table public.early" in outcome.err
    measures.execute("DELETE FROM early")
    measures.run(*RESTORE, "--table", "measure", "--table", "early", *scope)
    assert measures.execute("SELECT count(*) FROM early") == [("2",)]


def test_a_partition_alone_has_rows_alone(postgresql_with: Callable[[str], Deployment]) -> None:
    deployment = postgresql_with(PARTITIONS)
    deployment.run("backup_db")
    with unchanged(deployment):
        error = deployment.run(*RESTORE, "--table", "log_2", code=2).err
        assert "--table public.log" in error
        assert "--data-only" in error
    with unchanged(deployment):
        deployment.execute("UPDATE log_2 SET text = 'changed'")
        deployment.run(*RESTORE, "--table", "log_2", "--data-only")


def test_a_schema_becomes_what_it_was_and_nothing_else_changes(
    postgresql_with: Callable[[str], Deployment],
) -> None:
    deployment = postgresql_with(
        'CREATE SCHEMA "The Shop"; SET search_path = "The Shop";'
        "CREATE SEQUENCE numbers START 7; CREATE TYPE size AS ENUM ('s', 'm'); CREATE DOMAIN grams AS int CHECK (VALUE > 0);"
        "COMMENT ON DOMAIN grams IS 'weight'; COMMENT ON SCHEMA \"The Shop\" IS 'open';"
        "CREATE FUNCTION price(int) RETURNS int LANGUAGE sql AS 'SELECT $1';"
        "CREATE TABLE item (id int DEFAULT nextval('numbers') PRIMARY KEY, size size, grams grams);"
        "CREATE VIEW small AS SELECT * FROM item WHERE size = 's'; CREATE MATERIALIZED VIEW many AS SELECT * FROM item;"
        "INSERT INTO item (size, grams) VALUES ('s', 1), ('m', 2); REFRESH MATERIALIZED VIEW many;"
        "CREATE TABLE public.sale (item int REFERENCES item); INSERT INTO public.sale VALUES (7);"
        "CREATE VIEW public.sold AS SELECT * FROM public.sale JOIN item ON item = id"
    )
    deployment.run("backup_db")
    with unchanged(deployment):
        deployment.run(*RESTORE, "--schema", "The Shop")
    before = dump(deployment)
    deployment.execute(
        'SET search_path = "The Shop"; DROP VIEW small; DROP FUNCTION price; DROP MATERIALIZED VIEW many;'
        "UPDATE item SET grams = 5; INSERT INTO item DEFAULT VALUES; ALTER TYPE size ADD VALUE 'l';"
        "CREATE TABLE newer (id int); CREATE FUNCTION newer() RETURNS int LANGUAGE sql AS 'SELECT 1';"
        "INSERT INTO public.sale VALUES (8)"
    )
    text = plan(deployment, "--schema", "The Shop")
    for line in (
        "table The Shop.newer",
        "function The Shop.newer()",
        "view The Shop.small",
        "view public.sold (put aside",
    ):
        assert line in text
    deployment.run(*RESTORE, "--schema", "The Shop", "--owners")
    deployment.execute("DELETE FROM public.sale WHERE item = 8")
    assert dump(deployment) == before


def test_schemas_that_are_not_there(single: Deployment) -> None:
    single.run("backup_db")
    named = "no schema" if single.server else "no schemas"
    assert named in single.run(*RESTORE, "--schema", "elsewhere", code=2).err


ROWS = """
CREATE TABLE node (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent int REFERENCES node, partner int, label text,
    upper text GENERATED ALWAYS AS (upper(label)) STORED
);
CREATE TABLE edge (id serial PRIMARY KEY, node int REFERENCES node, CONSTRAINT in_order CHECK (id > 0));
ALTER TABLE node ADD CONSTRAINT circle FOREIGN KEY (partner) REFERENCES edge;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
INSERT INTO node (parent, label) VALUES (2, 'first'), (1, 'second'); INSERT INTO edge (node) VALUES (1), (2);
UPDATE node SET partner = id;
CREATE TRIGGER refused BEFORE INSERT ON node FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE POLICY nothing ON edge USING (false); ALTER TABLE edge ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
"""


def test_rows_alone_go_into_tables_that_have_changed(postgresql_with: Callable[[str], Deployment]) -> None:
    deployment = postgresql_with(ROWS)
    deployment.run("backup_db")
    rows = "SELECT id, parent, partner, label, upper FROM node ORDER BY id"
    before = deployment.execute(rows)
    with unchanged(deployment):
        deployment.run(*RESTORE, "--data-only")
    deployment.execute(
        "TRUNCATE node, edge RESTART IDENTITY; ALTER TABLE node DROP label CASCADE;"
        "ALTER TABLE node ADD extra int, ADD filled int NOT NULL DEFAULT 4, ADD label text;"
        "ALTER TABLE node ADD upper text GENERATED ALWAYS AS (upper(label)) STORED"
    )
    assert "public.node             0 ->            2" in plan(deployment, "--data-only")
    deployment.run(*RESTORE, "--data-only")
    assert deployment.execute(rows) == before
    assert deployment.execute("SELECT DISTINCT extra, filled FROM node") == [("", "4")]
    assert deployment.execute("SELECT nextval('node_id_seq'), nextval('edge_id_seq')") == [("3", "3")]
    deployment.execute("ALTER TABLE node ADD demanded int; UPDATE node SET demanded = 1;"
                       "ALTER TABLE node ALTER demanded SET NOT NULL")  # fmt: skip
    with unchanged(deployment):
        assert "demanded" in deployment.run("restore_db", "latest", "--dry-run", "--data-only", code=2).err
    deployment.execute(
        "ALTER TABLE node DROP demanded; ALTER TABLE edge ALTER id DROP DEFAULT; DROP SEQUENCE edge_id_seq"
    )
    with unchanged(deployment):
        assert "edge_id_seq" in deployment.run("restore_db", "latest", "--dry-run", "--data-only", code=2).err


def test_definitions_alone_bring_an_empty_table(library: Deployment) -> None:
    library.execute("DELETE FROM review; UPDATE book SET twin = NULL; ALTER TABLE book DROP CONSTRAINT twins")
    library.run(*RESTORE, "--table", "book", "--schema-only")
    assert library.execute("SELECT count(*) FROM book") == [("0",)]
    assert library.execute("SELECT count(*) FROM pg_constraint WHERE conname = 'twins'") == [("1",)]


def test_only_the_needed_part_of_the_file_is_read(postgresql_with: Callable[[str], Deployment]) -> None:
    deployment = postgresql_with(
        "CREATE TABLE small (id int PRIMARY KEY); INSERT INTO small VALUES (1);"
        "CREATE TABLE large (id int, text text); INSERT INTO large SELECT n, md5(n::text) FROM generate_series(1, 400000) n"
    )
    deployment.run("backup_db")
    (path,) = deployment.backups.glob("*.gz")
    manifest = json.loads(path.with_name(path.name + ".json").read_text())
    whole = path.read_bytes()
    damaged = bytearray(whole)
    names = [table["name"] for table in manifest["tables"]]
    large = [chunk for chunk in manifest["chunks"] if "table" in chunk and names[chunk["table"]] == "large"]
    for chunk in large:
        damaged[chunk["offset"] : chunk["offset"] + chunk["size"]] = bytes(chunk["size"])
    assert sum(chunk["size"] for chunk in large) > 0.95 * len(whole)
    path.write_bytes(damaged)
    with unchanged(deployment):
        deployment.execute("DELETE FROM small")
        deployment.run(*RESTORE, "--table", "small")
    with unchanged(deployment):
        assert deployment.run(*RESTORE, code=3).err
        assert deployment.run(*RESTORE, "--table", "large", code=3).err
        assert deployment.run("restore_db", "latest", "--table", "large", "--dry-run", code=3).err


# All that anybody may do with anything, and what is given by default, whatever the order; the entries of a list stand
# in the order in which they were made.
RIGHTS = """
    SELECT what, item FROM (
        SELECT 'relation ' || oid::regclass, relacl FROM pg_class WHERE relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 'kinds'))
        UNION ALL SELECT 'column ' || attrelid::regclass || attname, attacl FROM pg_attribute WHERE attrelid >= 16384
        UNION ALL SELECT 'function ' || oid::regprocedure, proacl FROM pg_proc WHERE oid >= 16384
        UNION ALL SELECT 'type ' || oid::regtype, typacl FROM pg_type WHERE oid >= 16384
        UNION ALL SELECT 'schema ' || nspname, nspacl FROM pg_namespace WHERE nspname IN ('public', 'kinds')
        UNION ALL SELECT 'default ' || defaclrole::regrole || defaclnamespace::regnamespace || defaclobjtype::text, defaclacl FROM pg_default_acl
    ) object(what, acl) CROSS JOIN LATERAL unnest(acl) item ORDER BY what, item::text
"""
GIVING = (
    "ALTER DEFAULT PRIVILEGES FOR ROLE {0} GRANT ALL ON TABLES TO lib_writer;"
    "ALTER DEFAULT PRIVILEGES FOR ROLE {0} GRANT ALL ON SEQUENCES TO lib_writer;"
    "ALTER DEFAULT PRIVILEGES FOR ROLE {0} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;"
    "ALTER DEFAULT PRIVILEGES FOR ROLE {0} GRANT USAGE ON SCHEMAS TO lib_writer;"
    "ALTER DEFAULT PRIVILEGES FOR ROLE {0} IN SCHEMA public GRANT SELECT ON TABLES TO lib_keeper;"
    "ALTER DEFAULT PRIVILEGES FOR ROLE {0} IN SCHEMA kinds GRANT USAGE ON TYPES TO lib_keeper;"
    "ALTER DEFAULT PRIVILEGES FOR ROLE lib_keeper IN SCHEMA public GRANT UPDATE ON TABLES TO lib_reader;"
)
PARTS = [("--table", "book"), ("--schema", "public"), ("--schema", "public", "--schema", "kinds")]


@pytest.fixture
def giving(library: Deployment) -> Deployment:
    """A library whose role gives to others, by default, whatever it makes from now on."""
    library.execute(GIVING.format(library.databases["default"]["USER"]))
    return library


@pytest.mark.parametrize("options", PARTS, ids=" ".join)
def test_default_privileges_give_nobody_rights_on_what_is_replaced(
    giving: Deployment, options: tuple[str, ...]
) -> None:
    before = giving.execute(RIGHTS)
    assert len([row for row in before if row[0].startswith("default")]) > 6
    giving.run(*RESTORE, *options)
    assert giving.execute(RIGHTS) == before


@pytest.mark.parametrize("options", PARTS, ids=" ".join)
def test_the_rights_of_a_part_are_those_of_the_backup(giving: Deployment, options: tuple[str, ...]) -> None:
    """Default privileges of a schema are a part of it; those of the whole database are not."""
    giving.run("backup_db")
    wanted = giving.execute(RIGHTS)
    user = giving.databases["default"]["USER"]
    giving.execute(
        f"GRANT SELECT ON book TO PUBLIC; ALTER DEFAULT PRIVILEGES FOR ROLE {user} GRANT USAGE ON TYPES TO lib_reader"
    )
    elsewhere = [row for row in giving.execute(RIGHTS) if row[0] == f"default {user}-T"]
    assert len(elsewhere) > 1
    if "public" in options:
        giving.execute(
            f"ALTER DEFAULT PRIVILEGES FOR ROLE {user} IN SCHEMA public REVOKE SELECT ON TABLES FROM lib_keeper;"
            "ALTER DEFAULT PRIVILEGES FOR ROLE lib_keeper IN SCHEMA public GRANT DELETE ON TABLES TO lib_writer"
        )
    giving.run(*RESTORE, *options, "--owners")
    given = giving.execute(RIGHTS)
    assert [row for row in given if row not in wanted and row not in elsewhere] == []
    assert [row for row in wanted if row not in given] == []


def test_what_a_part_makes_anew_has_no_rights_but_those_of_the_backup(giving: Deployment) -> None:
    book = f"SELECT * FROM ({RIGHTS}) given WHERE what = 'relation book'"
    wanted = giving.execute(book)
    giving.execute("DROP TABLE book CASCADE")
    assert "what is created has no grants; --owners applies" in plan(giving, "--table", "book")
    giving.run(*RESTORE, "--table", "book", "--owners")
    assert giving.execute(book) == wanted != []
    giving.execute("DROP TABLE book CASCADE")
    giving.run(*RESTORE, "--table", "book")
    assert {row[1].split("=")[0] for row in giving.execute(book)} <= {giving.databases["default"]["USER"]}


def test_the_rights_of_a_whole_database_are_those_of_the_backup(giving: Deployment) -> None:
    """Without --owners the database's own default privileges are all that gives anybody rights."""
    giving.run("backup_db")
    wanted = giving.execute(RIGHTS)
    user = giving.databases["default"]["USER"]
    giving.execute(
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {user} GRANT ALL ON TABLES TO PUBLIC;"
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {user} IN SCHEMA public GRANT ALL ON TABLES TO lib_reader"
    )
    giving.run(*RESTORE)
    (items,) = giving.execute("SELECT relacl::text FROM pg_class WHERE relname = 'author'")
    assert f"=arwdDxtm/{user}" in items[0] and "lib_writer=arwdDxtm/" in items[0]
    giving.run(*RESTORE, "--owners")
    assert giving.execute(RIGHTS) == wanted
