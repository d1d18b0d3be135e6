"""Functions and procedures."""

from tests.catalogue.entry import Entry

ENTRIES: list[Entry] = [
    Entry(
        name="function",
        create="""
            CREATE SCHEMA cat_function;
            SET search_path = cat_function;
            CREATE FUNCTION add(a integer, b integer DEFAULT 1) RETURNS integer LANGUAGE sql STABLE STRICT LEAKPROOF
                PARALLEL SAFE COST 7 AS 'SELECT a + b';
            CREATE FUNCTION add(text, OUT x text, INOUT y text DEFAULT 'it''s') LANGUAGE sql AS 'SELECT $1, $2';
            CREATE FUNCTION rows_of(VARIADIC "x y" text[]) RETURNS TABLE (a integer, b text) LANGUAGE sql ROWS 7
                AS 'SELECT 1, ''x''';
            CREATE FUNCTION nth(n integer) RETURNS integer LANGUAGE internal WINDOW IMMUTABLE AS 'window_row_number';
            CREATE FUNCTION any_of(anyelement) RETURNS anyarray LANGUAGE sql AS 'SELECT ARRAY[$1]';
        """,
        shows=r"CREATE FUNCTION cat_function\.rows_of\(VARIADIC \"x y\" text\[\]\) RETURNS TABLE\(a integer, b text\)",
    ),
    Entry(
        name="function_settings",
        create="""
            CREATE SCHEMA cat_function_settings;
            CREATE FUNCTION cat_function_settings.f() RETURNS integer LANGUAGE sql SECURITY DEFINER
                SET work_mem = '8MB' SET search_path = cat_function_settings, "odd one", pg_temp
                SET "some.custom" = 'it''s \\ so' AS 'SELECT 1';
        """,
        shows=r"SET search_path TO 'cat_function_settings', 'odd one', 'pg_temp'",
    ),
    Entry(
        name="function_with_odd_body",
        create="""
            CREATE SCHEMA cat_function_with_odd_body;
            CREATE FUNCTION cat_function_with_odd_body.f() RETURNS text LANGUAGE plpgsql AS $outer$
            BEGIN
                -- it's a \\ tricky body: $function$ $_$ $$ %s %%
/* a comment
\\.
\\! echo no
*/
                RETURN $body$ $holdfast$ /* $body$;
            END
            $outer$;
        """,
        shows=r"it's a \\ tricky body",
    ),
    Entry(
        name="function_with_parsed_body",
        create="""
            CREATE SCHEMA cat_function_with_parsed_body;
            SET search_path = cat_function_with_parsed_body;
            CREATE TABLE author (id integer PRIMARY KEY, name text);
            CREATE FUNCTION counted() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM author; END;
            CREATE FUNCTION grouped() RETURNS SETOF text LANGUAGE sql
                BEGIN ATOMIC SELECT name FROM author GROUP BY id; END;
            CREATE FUNCTION short(a integer) RETURNS integer RETURN a + 1;
            CREATE VIEW on_top AS SELECT grouped(), short(1);
        """,
        shows=r"CREATE FUNCTION cat_function_with_parsed_body\.grouped\(\) RETURNS SETOF text\n    LANGUAGE sql\n    BEGIN ATOMIC",
    ),
    Entry(
        name="procedure",
        create="""
            CREATE SCHEMA cat_procedure;
            CREATE PROCEDURE cat_procedure.p(IN who integer, INOUT what text) LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN END';
            CREATE PROCEDURE cat_procedure.parsed(OUT a integer) BEGIN ATOMIC SELECT 1; END;
        """,
        shows=r"CREATE PROCEDURE cat_procedure\.p\(IN who integer, INOUT what text\)",
    ),
    Entry(
        name="functions_in_a_row",
        create="""
            CREATE SCHEMA cat_functions_in_a_row;
            SET search_path = cat_functions_in_a_row;
            CREATE FUNCTION z() RETURNS integer IMMUTABLE RETURN 1;
            CREATE TABLE t (a integer DEFAULT z(), b integer GENERATED ALWAYS AS (z()) STORED);
            CREATE FUNCTION y() RETURNS SETOF t BEGIN ATOMIC SELECT * FROM t; END;
            CREATE VIEW x AS SELECT * FROM y();
            CREATE FUNCTION w(x) RETURNS integer RETURN ($1).a;
            CREATE INDEX on_t ON t ((z() + a));
            INSERT INTO t VALUES (1);
        """,
        shows=r"CREATE FUNCTION cat_functions_in_a_row\.w\(cat_functions_in_a_row\.x\)",
    ),
    Entry(
        name="function_named_like_a_table",
        create="""
            CREATE SCHEMA cat_function_named_like_a_table;
            SET search_path = cat_function_named_like_a_table;
            CREATE TABLE same (same integer);
            CREATE FUNCTION same(same) RETURNS integer LANGUAGE sql AS 'SELECT 1';
            CREATE FUNCTION same() RETURNS same LANGUAGE sql AS 'SELECT ROW(1)::cat_function_named_like_a_table.same';
            ALTER TABLE same ADD CONSTRAINT same CHECK (same(same.*) = 1);
            CREATE TRIGGER same BEFORE INSERT ON same EXECUTE FUNCTION suppress_redundant_updates_trigger();
            ALTER TABLE same DISABLE TRIGGER same;
            CREATE POLICY same ON same;
        """,
        shows=r"CREATE POLICY same ON cat_function_named_like_a_table\.same;",
    ),
]
