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
        name="procedures_told_apart_by_out",
        create="""
            CREATE ROLE cat_procedures_told_apart_by_out;
            CREATE SCHEMA cat_procedures_told_apart_by_out AUTHORIZATION cat_procedures_told_apart_by_out;
            SET search_path = cat_procedures_told_apart_by_out;
            SET ROLE cat_procedures_told_apart_by_out;
            CREATE PROCEDURE p(IN a integer, IN b integer, IN c integer) LANGUAGE plpgsql AS 'BEGIN END';
            CREATE PROCEDURE p(OUT a integer, IN b integer, IN c integer) LANGUAGE plpgsql AS 'BEGIN a := 1; END';
            CREATE PROCEDURE p(OUT a integer, OUT b integer, IN c integer) LANGUAGE plpgsql AS 'BEGIN a := 1; END';
            CREATE PROCEDURE p(OUT a integer, OUT b integer, OUT c integer) LANGUAGE plpgsql AS 'BEGIN a := 1; END';
            CREATE PROCEDURE "a p"(INOUT a text, OUT b integer) LANGUAGE plpgsql AS 'BEGIN END';
            CREATE PROCEDURE "a p"(IN a text, INOUT b integer) LANGUAGE plpgsql AS 'BEGIN END';
            CREATE PROCEDURE v(VARIADIC a integer[]) LANGUAGE plpgsql AS 'BEGIN END';
            CREATE PROCEDURE v(OUT a integer[], VARIADIC b text[]) LANGUAGE plpgsql AS 'BEGIN END';
            CREATE PROCEDURE v(INOUT a integer[], VARIADIC b text[]) LANGUAGE plpgsql AS 'BEGIN END';
            CREATE PROCEDURE v(OUT a integer[]) LANGUAGE plpgsql AS 'BEGIN END';
            CREATE PROCEDURE y(IN a anyelement, INOUT b anyarray) LANGUAGE plpgsql AS 'BEGIN END';
            CREATE PROCEDURE y(OUT a anyelement, INOUT b anyarray) LANGUAGE plpgsql AS 'BEGIN END';
            CREATE FUNCTION f(a integer, OUT b integer, INOUT c text) LANGUAGE sql AS $$ SELECT 1, $1::text $$;
            CREATE FUNCTION f(a integer, OUT b integer) LANGUAGE sql AS 'SELECT 1';
            RESET ROLE;
            CREATE FUNCTION f(VARIADIC a "any") RETURNS integer LANGUAGE internal AS 'pg_num_nonnulls';
            CREATE AGGREGATE f(bigint) (sfunc = int8larger, stype = bigint);
            DO $$ DECLARE
                r record;
            BEGIN
                FOR r IN SELECT oid, prokind, oid::regprocedure::text AS known, pg_get_function_identity_arguments(oid) AS a
                           FROM pg_proc WHERE pronamespace = 'cat_procedures_told_apart_by_out'::regnamespace
                LOOP
                    r.known := CASE r.prokind WHEN 'p' THEN 'PROCEDURE ' ELSE 'FUNCTION ' END
                        || split_part(r.known, '(', 1) || '(' || r.a || ')';
                    EXECUTE 'REVOKE ALL ON ' || r.known || ' FROM PUBLIC';
                    EXECUTE 'GRANT EXECUTE ON ' || r.known || ' TO pg_monitor WITH GRANT OPTION';
                    IF r.prokind = 'a' THEN r.known := replace(r.known, 'FUNCTION', 'AGGREGATE'); END IF;
                    EXECUTE format('COMMENT ON %s IS %L', r.known, r.a);
                END LOOP;
            END $$;
        """,
        shows=r"COMMENT ON (PROCEDURE|FUNCTION|AGGREGATE) cat_procedures_told_apart_by_out\.",
    ),
    Entry(
        name="extension_dependency",
        create="""
            CREATE EXTENSION IF NOT EXISTS btree_gist;
            CREATE SCHEMA cat_extension_dependency;
            SET search_path = cat_extension_dependency;
            CREATE FUNCTION f(a "char", VARIADIC b text[]) RETURNS integer LANGUAGE sql AS 'SELECT 1';
            CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
            CREATE PROCEDURE p(OUT a integer, b integer) LANGUAGE plpgsql AS 'BEGIN END';
            CREATE PROCEDURE p(a integer, b integer) LANGUAGE plpgsql AS 'BEGIN END';
            CREATE TABLE t (id integer PRIMARY KEY, name text);
            CREATE INDEX "on name" ON t (name);
            CREATE TRIGGER "touch it" BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touched();
            CREATE MATERIALIZED VIEW m AS SELECT 1 AS one;
            ALTER FUNCTION f DEPENDS ON EXTENSION btree_gist;
            ALTER PROCEDURE p(OUT a integer, b integer) DEPENDS ON EXTENSION btree_gist;
            ALTER PROCEDURE p(IN a integer, b integer) DEPENDS ON EXTENSION btree_gist;
            ALTER INDEX "on name" DEPENDS ON EXTENSION btree_gist;
            ALTER TRIGGER "touch it" ON t DEPENDS ON EXTENSION btree_gist;
            ALTER MATERIALIZED VIEW m DEPENDS ON EXTENSION btree_gist;
        """,
        shows=r"ALTER (INDEX|TRIGGER) .*cat_extension_dependency.* DEPENDS ON EXTENSION btree_gist;",
        table="cat_extension_dependency.t",
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
