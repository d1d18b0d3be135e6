"""Casts, conversions between encodings, transforms."""

from tests.catalogue.entry import ONLY_WITH_ALL, Entry

ENTRIES: list[Entry] = [
    Entry(
        name="cast",
        create="""
            CREATE SCHEMA cat_cast;
            SET search_path = cat_cast;
            CREATE TYPE pair AS (one integer, two integer);
            CREATE TYPE mood AS ENUM ('sad', 'glad');
            CREATE TYPE "Odd ""type"" x" AS (one integer);
            CREATE FUNCTION made(integer) RETURNS pair IMMUTABLE LANGUAGE sql AS 'SELECT ROW($1, $1)::cat_cast.pair';
            CREATE FUNCTION "made, of"("Odd ""type"" x") RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT ($1).one';
            CREATE CAST (integer AS pair) WITH FUNCTION made(integer) AS ASSIGNMENT;
            CREATE CAST (pair AS text) WITH INOUT;
            CREATE CAST (text AS mood) WITH INOUT AS IMPLICIT;
            CREATE CAST (mood AS "char") WITH INOUT;
            CREATE CAST (mood AS character) WITH INOUT AS ASSIGNMENT;
            CREATE CAST ("Odd ""type"" x" AS integer) WITH FUNCTION "made, of"("Odd ""type"" x");
            COMMENT ON CAST (integer AS pair) IS 'twice';
            CREATE VIEW v AS SELECT 'sad'::text::mood AS mood, 1::pair AS pair;
            CREATE TABLE t (a pair DEFAULT 1, b integer CHECK (b::pair <> 2::pair));
        """,
        shows=r"CREATE CAST \(.*cat_cast\.|COMMENT ON CAST \(integer AS cat_cast\.pair\)",
        absent=ONLY_WITH_ALL,
    ),
    Entry(
        name="conversion",
        create="""
            CREATE SCHEMA cat_conversion;
            CREATE ROLE cat_conversion;
            CREATE CONVERSION cat_conversion.plain FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
            CREATE DEFAULT CONVERSION cat_conversion."Usual ""one""
and two" FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;
            COMMENT ON CONVERSION cat_conversion.plain IS 'plain';
            ALTER CONVERSION cat_conversion.plain OWNER TO cat_conversion;
        """,
        shows=r"CREATE (DEFAULT )?CONVERSION cat_conversion\.",
    ),
    Entry(
        name="transform",
        create="""
            CREATE SCHEMA cat_transform;
            SET search_path = cat_transform;
            CREATE TYPE "Pair of" AS (one integer);
            CREATE TYPE plain AS (one integer);
            CREATE FUNCTION from_sql(internal) RETURNS internal IMMUTABLE STRICT LANGUAGE internal AS 'prsd_lextype';
            CREATE FUNCTION to_sql(internal) RETURNS "Pair of" IMMUTABLE STRICT LANGUAGE internal AS 'record_recv';
            CREATE FUNCTION to_plain(internal) RETURNS plain IMMUTABLE STRICT LANGUAGE internal AS 'record_recv';
            CREATE TRANSFORM FOR "Pair of" LANGUAGE plpgsql
                (FROM SQL WITH FUNCTION from_sql(internal), TO SQL WITH FUNCTION to_sql(internal));
            CREATE TRANSFORM FOR plain LANGUAGE sql (TO SQL WITH FUNCTION to_plain(internal));
            COMMENT ON TRANSFORM FOR "Pair of" LANGUAGE plpgsql IS 'both ways';
            CREATE FUNCTION uses("Pair of") RETURNS integer LANGUAGE plpgsql TRANSFORM FOR TYPE "Pair of" AS 'BEGIN END';
        """,
        shows=r"CREATE TRANSFORM FOR cat_transform\.|COMMENT ON TRANSFORM FOR cat_transform\.|TRANSFORM FOR TYPE cat_transform\.",
        absent=ONLY_WITH_ALL,
    ),
    Entry(
        name="cast_of_numbers_to_text",
        create="""
            CREATE CAST (integer AS text) WITH INOUT AS IMPLICIT;
            CREATE CAST (smallint AS text) WITH INOUT AS IMPLICIT;
            CREATE CAST (bigint AS text) WITH INOUT AS IMPLICIT;
            CREATE CAST (oid AS text) WITH INOUT AS IMPLICIT;
        """,
        shows=r"CREATE CAST \((integer|smallint|bigint|oid) AS text\) WITH INOUT AS IMPLICIT;",
        absent=ONLY_WITH_ALL,
    ),
]
