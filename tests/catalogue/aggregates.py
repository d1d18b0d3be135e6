"""Aggregates of every kind."""

from tests.catalogue.entry import Entry

ENTRIES: list[Entry] = [
    Entry(
        name="aggregate",
        create="""
            CREATE SCHEMA cat_aggregate;
            SET search_path = cat_aggregate;
            CREATE FUNCTION said(text, integer, text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $3';
            CREATE AGGREGATE total(integer) (sfunc = int4pl, stype = integer);
            CREATE AGGREGATE everything(*) (sfunc = int8inc, stype = bigint, initcond = '0');
            CREATE AGGREGATE joined(VARIADIC parts text[]) (sfunc = array_cat, stype = text[], initcond = '{"it''s",\\\\}');
            CREATE AGGREGATE gathered(anynonarray) (sfunc = array_agg_transfn, stype = internal, sspace = 128,
                finalfunc = array_agg_finalfn, finalfunc_extra);
            CREATE AGGREGATE named(first integer, "The second" text) (sfunc = said, stype = text);
        """,
        shows=r"CREATE AGGREGATE cat_aggregate\.(total\(integer\)|everything\(\*\)|named\(first integer, \"The second\" text\))",
    ),
    Entry(
        name="aggregate_in_parallel",
        create="""
            CREATE SCHEMA cat_aggregate_in_parallel;
            SET search_path = cat_aggregate_in_parallel;
            CREATE AGGREGATE mean(numeric) (sfunc = numeric_avg_accum, stype = internal, sspace = 128, finalfunc = numeric_avg,
                combinefunc = numeric_avg_combine, serialfunc = numeric_avg_serialize,
                deserialfunc = numeric_avg_deserialize, parallel = safe);
            CREATE AGGREGATE restricted(integer) (sfunc = int4larger, stype = integer, parallel = restricted,
                sortop = operator(pg_catalog.>));
        """,
        shows=r"DESERIALFUNC = numeric_avg_deserialize|PARALLEL = (safe|restricted)|SORTOP = OPERATOR\(pg_catalog\.>\)",
    ),
    Entry(
        name="aggregate_moving",
        create="""
            CREATE SCHEMA cat_aggregate_moving;
            SET search_path = cat_aggregate_moving;
            CREATE FUNCTION said(bigint, anyelement) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1';
            CREATE AGGREGATE moving(numeric) (sfunc = numeric_avg_accum, stype = internal, finalfunc = numeric_avg,
                finalfunc_modify = shareable, msfunc = numeric_avg_accum, minvfunc = numeric_accum_inv, mstype = internal,
                msspace = 64, mfinalfunc = numeric_avg, mfinalfunc_modify = read_write);
            CREATE AGGREGATE counted(integer) (sfunc = int8inc_any, stype = bigint, initcond = '0',
                msfunc = int8inc_any, minvfunc = int8dec_any, mstype = bigint, minitcond = '0');
            CREATE FUNCTION finished(bigint, integer) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1';
            CREATE AGGREGATE extra(integer) (sfunc = int8inc_any, stype = bigint, initcond = '0', finalfunc = finished,
                finalfunc_extra, msfunc = int8inc_any, minvfunc = int8dec_any, mstype = bigint, minitcond = '0',
                mfinalfunc = finished, mfinalfunc_extra);
        """,
        shows=r"MINVFUNC = numeric_accum_inv|MFINALFUNC_MODIFY = READ_WRITE|\n    MFINALFUNC_EXTRA|MINITCOND = '0'",
    ),
    Entry(
        name="aggregate_over_sorted_rows",
        create="""
            CREATE SCHEMA cat_aggregate_over_sorted_rows;
            SET search_path = cat_aggregate_over_sorted_rows;
            CREATE AGGREGATE part(double precision ORDER BY anyelement) (sfunc = ordered_set_transition, stype = internal,
                finalfunc = percentile_disc_final, finalfunc_extra);
            CREATE AGGREGATE rank_of(VARIADIC "any" ORDER BY VARIADIC "any") (sfunc = ordered_set_transition_multi,
                stype = internal, finalfunc = rank_final, finalfunc_extra, hypothetical);
            CREATE AGGREGATE most(ORDER BY anyelement) (sfunc = ordered_set_transition, stype = internal,
                finalfunc = mode_final, finalfunc_extra, finalfunc_modify = shareable);
            COMMENT ON AGGREGATE part(double precision ORDER BY anyelement) IS 'of sorted rows';
            COMMENT ON AGGREGATE rank_of(VARIADIC "any" ORDER BY VARIADIC "any") IS 'hypothetical';
            CREATE TABLE t (a integer);
            CREATE VIEW v AS SELECT part(0.5) WITHIN GROUP (ORDER BY a), rank_of(1) WITHIN GROUP (ORDER BY a) FROM t;
        """,
        shows=r"part\(double precision ORDER BY anyelement\) \(|\n    HYPOTHETICAL|IS 'hypothetical'",
    ),
    Entry(
        name="aggregate_of_own_parts",
        create="""
            CREATE SCHEMA cat_aggregate_of_own_parts;
            CREATE SCHEMA "cat_aggregate of ""own"" parts";
            SET search_path = "cat_aggregate of ""own"" parts", cat_aggregate_of_own_parts;
            CREATE TYPE "Pair of ""one"" and two" AS (one integer, two integer);
            CREATE FUNCTION "zz add"("Pair of ""one"" and two", integer) RETURNS "Pair of ""one"" and two"
                LANGUAGE sql IMMUTABLE AS 'SELECT $1';
            CREATE FUNCTION "zz end"("Pair of ""one"" and two") RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
            CREATE FUNCTION less(integer, integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 < $2';
            CREATE OPERATOR <# (leftarg = integer, rightarg = integer, function = less);
            CREATE AGGREGATE cat_aggregate_of_own_parts."all of it"(integer) (sfunc = "zz add",
                stype = "Pair of ""one"" and two", initcond = '(1,2)', finalfunc = "zz end");
            CREATE AGGREGATE cat_aggregate_of_own_parts."select"(integer) (sfunc = int4smaller, stype = integer);
            CREATE TABLE cat_aggregate_of_own_parts.t (a integer);
            CREATE VIEW cat_aggregate_of_own_parts.v AS
                SELECT cat_aggregate_of_own_parts."all of it"(a), cat_aggregate_of_own_parts."select"(a)
                  FROM cat_aggregate_of_own_parts.t;
            CREATE ROLE cat_aggregate_of_own_parts;
            ALTER AGGREGATE cat_aggregate_of_own_parts."all of it"(integer) OWNER TO cat_aggregate_of_own_parts;
            REVOKE ALL ON FUNCTION cat_aggregate_of_own_parts."all of it"(integer) FROM PUBLIC;
            COMMENT ON AGGREGATE cat_aggregate_of_own_parts."all of it"(integer) IS 'all';
        """,
        shows=r'CREATE AGGREGATE cat_aggregate_of_own_parts\."all of it"\(integer\)',
    ),
    Entry(
        name="aggregate_rights",
        create="""
            CREATE SCHEMA cat_aggregate_rights;
            CREATE ROLE cat_aggregate_rights;
            SET search_path = cat_aggregate_rights;
            CREATE AGGREGATE everything(*) (sfunc = int8inc, stype = bigint, initcond = '0');
            CREATE AGGREGATE part(double precision ORDER BY anyelement) (sfunc = ordered_set_transition, stype = internal,
                finalfunc = percentile_disc_final, finalfunc_extra);
            ALTER AGGREGATE everything(*) OWNER TO cat_aggregate_rights;
            REVOKE ALL ON FUNCTION everything() FROM PUBLIC;
            GRANT EXECUTE ON FUNCTION part(double precision, anyelement) TO cat_aggregate_rights WITH GRANT OPTION;
        """,
        shows=r"ON FUNCTION cat_aggregate_rights\.(everything\(\) FROM|part\(.*\) TO)",
        absent=frozenset({"full"}),
    ),
]
