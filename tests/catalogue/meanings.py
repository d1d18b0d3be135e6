"""Definitions whose text does not say all that they mean: the rest is found in the search_path."""

from tests.catalogue.entry import Entry

ENTRIES: list[Entry] = [
    Entry(
        name="unnamed_operators",
        create="""
            CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA public;
            CREATE SCHEMA cat_unnamed_operators;
            SET search_path = cat_unnamed_operators, public;
            CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
            CREATE DOMAIN d AS citext CHECK (VALUE IS DISTINCT FROM 'No');
            CREATE FUNCTION f(citext DEFAULT NULLIF('a'::citext, 'A')) RETURNS boolean IMMUTABLE LANGUAGE sql
                AS 'SELECT true';
            CREATE TABLE t (id integer PRIMARY KEY, email citext DEFAULT NULLIF('a'::citext, 'A') CHECK (email IS DISTINCT FROM 'No'),
                marked boolean GENERATED ALWAYS AS (CASE email WHEN 'X' THEN true ELSE false END) STORED);
            CREATE TABLE u (id integer, email citext, of_domain d);
            INSERT INTO t VALUES (1, 'x'), (2, 'y');
            INSERT INTO u VALUES (1, 'X', 'yes');
            CREATE INDEX by_expression ON t (NULLIF(email, 'X'));
            CREATE INDEX by_part ON t (id) WHERE email IS DISTINCT FROM 'X';
            CREATE STATISTICS s ON id, (NULLIF(email, 'X')) FROM t;
            CREATE POLICY p ON t USING (email IS DISTINCT FROM 'X');
            CREATE TRIGGER changed BEFORE UPDATE ON t FOR EACH ROW WHEN (old.email IS DISTINCT FROM new.email)
                EXECUTE FUNCTION touch();
            CREATE VIEW v AS SELECT t.id, GREATEST(email, 'z') AS g FROM t JOIN u USING (email)
                WHERE (t.id, email) IN (SELECT id, email FROM u) AND ROW(t.id, email) < ROW(3, 'z'::citext)
                    AND (email, t.id) NOT IN (SELECT email, id FROM u) AND (email, t.id) >= (SELECT email, id FROM u LIMIT 1);
            CREATE RULE r AS ON DELETE TO u WHERE old.email IS DISTINCT FROM 'X' DO INSTEAD NOTHING;
            CREATE MATERIALIZED VIEW m AS SELECT DISTINCT email IS DISTINCT FROM 'X' AS other FROM t;
        """,
        shows=r"CREATE TRIGGER changed BEFORE UPDATE ON cat_unnamed_operators\.t .*"
        r"WHEN \(\(old\.email IS DISTINCT FROM new\.email\)\)",
        table="cat_unnamed_operators.t",
    ),
    Entry(
        name="unnamed_operators_of_code",
        create="""
            CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA public;
            CREATE SCHEMA cat_unnamed_operators_of_code;
            SET search_path = cat_unnamed_operators_of_code, public;
            CREATE FUNCTION f(a citext) RETURNS boolean STABLE BEGIN ATOMIC SELECT a IS DISTINCT FROM 'X'; END;
            CREATE VIEW v AS SELECT f('x') AS different;
        """,
        shows=r"SELECT \(a IS DISTINCT FROM 'X'::public\.citext\)",
    ),
    Entry(
        name="functions_under_path",
        create="""
            CREATE EXTENSION IF NOT EXISTS unaccent WITH SCHEMA public;
            CREATE SCHEMA cat_functions_under_path;
            SET search_path = cat_functions_under_path, public;
            CREATE FUNCTION folded(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT unaccent($1)';
            CREATE FUNCTION computed(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN unaccent($1); END';
            CREATE FUNCTION same(text, text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE
                AS 'BEGIN RETURN unaccent($1) = unaccent($2); END';
            CREATE OPERATOR ~~~ (LEFTARG = text, RIGHTARG = text, FUNCTION = same);
            CREATE DOMAIN d AS text CHECK (computed(VALUE) <> 'no');
            CREATE TABLE t (id integer PRIMARY KEY, name text CONSTRAINT good CHECK (folded(name) <> 'no'), other d,
                CHECK (name ~~~ other), a text GENERATED ALWAYS AS (folded(name)) STORED,
                b text GENERATED ALWAYS AS (computed(name)) STORED);
            INSERT INTO t VALUES (1, 'é', 'e'), (2, 'a', 'á');
            CREATE TABLE down (id integer REFERENCES t);
            INSERT INTO down VALUES (1);
            CREATE TABLE p (name text, n integer) PARTITION BY LIST (computed(name));
            CREATE TABLE p_e PARTITION OF p FOR VALUES IN ('e');
            INSERT INTO p VALUES ('é', 1);
        """,
        shows=r"CONSTRAINT good CHECK \(\(cat_functions_under_path\.folded\(name\) <> 'no'::text\)\)",
        table="cat_functions_under_path.t",
    ),
    Entry(
        name="indexes_under_path",
        create="""
            CREATE EXTENSION IF NOT EXISTS unaccent WITH SCHEMA public;
            CREATE SCHEMA cat_indexes_under_path;
            SET search_path = cat_indexes_under_path, public;
            CREATE FUNCTION folded(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT unaccent($1)';
            CREATE TABLE t (id integer PRIMARY KEY, name text);
            INSERT INTO t VALUES (1, 'é');
            CREATE INDEX by_name ON t (folded(name));
            CREATE UNIQUE INDEX of_some ON t (name) WHERE folded(name) = 'e';
            CREATE INDEX after ON t (name, id);
            CREATE TABLE down (id integer REFERENCES t);
            INSERT INTO down VALUES (1);
            CREATE MATERIALIZED VIEW m AS SELECT folded(name) AS name FROM t;
            CREATE INDEX ON m (folded(name));
        """,
        shows=r"CREATE INDEX by_name ON cat_indexes_under_path\.t USING btree \(cat_indexes_under_path\.folded\(name\)\);",
        # Later majors build indexes and fill materialized views under a path of their own.
        until=16,
        table="cat_indexes_under_path.t",
    ),
    Entry(
        name="partitioned_index_under_path",
        create="""
            CREATE EXTENSION IF NOT EXISTS unaccent WITH SCHEMA public;
            CREATE SCHEMA cat_partitioned_index_under_path;
            SET search_path = cat_partitioned_index_under_path, public;
            CREATE FUNCTION folded(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT unaccent($1)';
            CREATE TABLE parts (name text) PARTITION BY RANGE (name);
            CREATE TABLE part PARTITION OF parts DEFAULT;
            INSERT INTO parts VALUES ('é');
            CREATE INDEX by_name ON parts (folded(name));
        """,
        shows=r"ATTACH PARTITION cat_partitioned_index_under_path\.part_folded_idx;",
        # As with other indexes.
        until=16,
    ),
    Entry(
        name="unnamed_operators_under_subqueries",
        create="""
            CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA public;
            CREATE SCHEMA cat_unnamed_operators_under_subqueries;
            SET search_path = cat_unnamed_operators_under_subqueries, public;
            CREATE TABLE t (name citext);
            CREATE VIEW of_values AS SELECT name FROM t WHERE name IN (VALUES ('a'::citext), ('B'));
            CREATE VIEW of_query AS
                SELECT name FROM t WHERE name IN (WITH w AS MATERIALIZED (SELECT 'B'::citext AS name) SELECT name FROM w);
            INSERT INTO t VALUES ('b');
        """,
        shows=r"CREATE VIEW cat_unnamed_operators_under_subqueries\.of_(values|query) AS",
    ),
]
