"""Languages and access methods, and functions of C."""

from tests.catalogue.entry import ONLY_WITH_ALL, Entry

ENTRIES: list[Entry] = [
    Entry(
        name="language",
        create="""
            CREATE SCHEMA cat_language;
            CREATE ROLE cat_language;
            CREATE FUNCTION cat_language.handler() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
            CREATE FUNCTION cat_language."the inline"(internal) RETURNS void LANGUAGE c STRICT
                AS '$libdir/plpgsql', 'plpgsql_inline_handler';
            CREATE FUNCTION cat_language."Validator"(oid) RETURNS void LANGUAGE c STRICT AS '$libdir/plpgsql', 'plpgsql_validator';
            CREATE LANGUAGE cat_language HANDLER cat_language.handler;
            CREATE TRUSTED LANGUAGE "cat_language ""trusted"" and 'quoted'" HANDLER cat_language.handler
                INLINE cat_language."the inline" VALIDATOR cat_language."Validator";
            COMMENT ON LANGUAGE cat_language IS 'a tongue';
            ALTER LANGUAGE cat_language OWNER TO cat_language;
            GRANT USAGE ON LANGUAGE "cat_language ""trusted"" and 'quoted'" TO cat_language;
            REVOKE USAGE ON LANGUAGE "cat_language ""trusted"" and 'quoted'" FROM PUBLIC;
            CREATE FUNCTION cat_language.f() RETURNS integer LANGUAGE cat_language AS 'BEGIN RETURN 1; END';
            CREATE FUNCTION cat_language.g(a integer) RETURNS integer LANGUAGE "cat_language ""trusted"" and 'quoted'"
                AS 'BEGIN RETURN a; END';
        """,
        shows=r"CREATE (OR REPLACE )?(TRUSTED )?PROCEDURAL LANGUAGE \"?cat_language",
        absent=ONLY_WITH_ALL,
    ),
    Entry(
        name="access_method",
        create="""
            CREATE SCHEMA cat_access_method;
            SET search_path = cat_access_method;
            CREATE FUNCTION handler(internal) RETURNS index_am_handler LANGUAGE c STRICT AS '$libdir/bloom', 'blhandler';
            CREATE ACCESS METHOD cat_access_method TYPE TABLE HANDLER heap_tableam_handler;
            CREATE ACCESS METHOD "cat_access_method ""tree"" of
lines" TYPE INDEX HANDLER handler;
            COMMENT ON ACCESS METHOD cat_access_method IS 'a heap';
            CREATE OPERATOR CLASS numbers DEFAULT FOR TYPE integer USING "cat_access_method ""tree"" of
lines" AS OPERATOR 1 =, FUNCTION 1 hashint4(integer);
            CREATE TABLE t (a integer) USING cat_access_method;
            INSERT INTO t SELECT generate_series(1, 9);
            CREATE INDEX on_t ON t USING "cat_access_method ""tree"" of
lines" (a);
            CREATE MATERIALIZED VIEW m USING cat_access_method AS SELECT * FROM t;
        """,
        shows=r"CREATE ACCESS METHOD \"?cat_access_method|COMMENT ON ACCESS METHOD cat_access_method",
        absent=ONLY_WITH_ALL,
    ),
    Entry(
        name="function_of_c",
        create="""
            CREATE SCHEMA cat_function_of_c;
            SET search_path = cat_function_of_c;
            CREATE FUNCTION autoinc() RETURNS trigger LANGUAGE c AS '$libdir/autoinc';
            CREATE FUNCTION "Other name"() RETURNS trigger LANGUAGE c AS '$libdir/moddatetime', 'moddatetime';
            CREATE FUNCTION supported(integer) RETURNS SETOF integer LANGUAGE internal IMMUTABLE STRICT ROWS 77 COST 3
                SUPPORT generate_series_int4_support AS 'unique_key_recheck';
            CREATE FUNCTION support(internal) RETURNS internal LANGUAGE internal IMMUTABLE STRICT AS 'generate_series_int4_support';
            CREATE FUNCTION supported(bigint) RETURNS SETOF bigint LANGUAGE internal SUPPORT support AS 'generate_series_int8';
            CREATE FUNCTION nth() RETURNS bigint LANGUAGE internal WINDOW IMMUTABLE PARALLEL SAFE AS 'window_row_number';
            CREATE TABLE t (a integer, b timestamp);
            CREATE TRIGGER touched BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION "Other name"('b');
            CREATE VIEW v AS SELECT nth() OVER (ORDER BY a) FROM t;
        """,
        shows=r"AS '\$libdir/(autoinc|moddatetime)'|SUPPORT cat_function_of_c\.support|WINDOW",
    ),
]
