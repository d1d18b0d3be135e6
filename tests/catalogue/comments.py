"""Comments on everything that can have one."""

from tests.catalogue.entry import Entry

ENTRIES: list[Entry] = [
    Entry(
        name="comments",
        create="""
            CREATE SCHEMA cat_comments;
            SET search_path = cat_comments;
            CREATE TABLE t (id serial PRIMARY KEY, title text, CONSTRAINT titled CHECK (title <> ''));
            CREATE INDEX t_title ON t (title);
            CREATE VIEW v AS SELECT id FROM t;
            CREATE MATERIALIZED VIEW m AS SELECT id FROM t;
            CREATE SEQUENCE s;
            CREATE TYPE e AS ENUM ('a');
            CREATE TYPE c AS (a integer);
            CREATE TYPE r AS RANGE (SUBTYPE = integer);
            CREATE DOMAIN d AS integer CONSTRAINT "above zero" CHECK (VALUE > 0);
            CREATE FUNCTION f(integer, VARIADIC text[]) RETURNS integer LANGUAGE sql AS 'SELECT 1';
            CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
            CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1';
            CREATE COLLATION l (provider = libc, locale = 'C');
            CREATE STATISTICS x ON id, title FROM t;
            CREATE TRIGGER touch BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION g();
            CREATE POLICY everybody ON t;
            COMMENT ON SCHEMA cat_comments IS E'it''s a \\\\ schema\\nwith two lines\\r\\n\\\\. -- ';
            COMMENT ON TABLE t IS '';
            COMMENT ON TABLE t IS '''';
            COMMENT ON COLUMN t.title IS E'a title\\n\\\\! echo no\\n';
            COMMENT ON CONSTRAINT titled ON t IS 'has a title';
            COMMENT ON CONSTRAINT t_pkey ON t IS 'the key';
            COMMENT ON CONSTRAINT "above zero" ON DOMAIN d IS 'positive';
            COMMENT ON DOMAIN d IS 'a domain';
            COMMENT ON TYPE e IS 'an enum';
            COMMENT ON TYPE c IS 'a composite';
            COMMENT ON COLUMN c.a IS 'a part';
            COMMENT ON TYPE r IS 'a range';
            COMMENT ON INDEX t_title IS 'an index';
            COMMENT ON INDEX t_pkey IS 'the index of the key';
            COMMENT ON SEQUENCE s IS 'a sequence';
            COMMENT ON SEQUENCE t_id_seq IS 'a sequence of a column';
            COMMENT ON VIEW v IS 'a view';
            COMMENT ON COLUMN v.id IS 'of a view';
            COMMENT ON RULE "_RETURN" ON v IS 'what makes it a view';
            COMMENT ON MATERIALIZED VIEW m IS 'filled';
            COMMENT ON COLUMN m.id IS 'of it';
            COMMENT ON FUNCTION f(integer, text[]) IS 'a function';
            COMMENT ON PROCEDURE p IS 'a procedure';
            COMMENT ON TRIGGER touch ON t IS 'touches';
            COMMENT ON POLICY everybody ON t IS 'all';
            COMMENT ON COLLATION l IS 'a collation';
            COMMENT ON STATISTICS x IS 'statistics';
        """,
        shows=r"COMMENT ON (?!EXTENSION)\S+ .*cat_comments.* IS ",
    ),
]
