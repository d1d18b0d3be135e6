-- Members that users added to operator families which no backup creates, and code that must go before a restore.
CREATE SCHEMA code;
CREATE SCHEMA "Odd ""code""";
CREATE EXTENSION hstore;
CREATE EXTENSION btree_gin;
SET search_path = code, public;
CREATE FUNCTION compare(integer, tid) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT 0';
CREATE FUNCTION less(integer, tid) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR "Odd ""code""".<# (leftarg = integer, rightarg = tid, function = less);
ALTER OPERATOR FAMILY pg_catalog.integer_ops USING btree ADD
    FUNCTION 1 (integer, tid) compare(integer, tid), OPERATOR 1 "Odd ""code""".<# (integer, tid),
    FUNCTION 1 (oid, tid) btoidcmp(oid, oid);
ALTER OPERATOR FAMILY btree_hstore_ops USING btree ADD FUNCTION 1 (hstore, tid) compare(integer, tid);
CREATE TYPE base;
CREATE FUNCTION base_in(cstring) RETURNS base IMMUTABLE STRICT LANGUAGE internal AS 'textin';
CREATE FUNCTION base_out(base) RETURNS cstring IMMUTABLE STRICT LANGUAGE internal AS 'textout';
CREATE TYPE base (input = base_in, output = base_out, like = text);
CREATE TYPE shell;
CREATE CAST (base AS integer) WITH INOUT;
CREATE OPERATOR FAMILY family USING btree;
CREATE OPERATOR CLASS class FOR TYPE integer USING btree FAMILY family AS OPERATOR 1 <, FUNCTION 1 btint4cmp(integer, integer);
ALTER OPERATOR FAMILY family USING btree ADD FUNCTION 1 (int2, int8) btint28cmp(int2, int8);
CREATE CONVERSION "con version" FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE FUNCTION from_sql(internal) RETURNS internal IMMUTABLE LANGUAGE internal AS 'prsd_lextype';
CREATE TRANSFORM FOR base LANGUAGE plpgsql (FROM SQL WITH FUNCTION from_sql(internal));
CREATE LANGUAGE tongue HANDLER plpgsql_call_handler;
CREATE FUNCTION spoken(base) RETURNS integer LANGUAGE tongue AS 'BEGIN RETURN 1; END';
CREATE ACCESS METHOD method TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE stored (a base, b integer) USING method;
CREATE AGGREGATE total(*) (sfunc = int8inc, stype = bigint, initcond = '0');
CREATE AGGREGATE part(double precision ORDER BY anyelement) (sfunc = ordered_set_transition, stype = internal,
    finalfunc = percentile_disc_final, finalfunc_extra);
CREATE OPERATOR !# (rightarg = bigint, function = int8um);
RESET search_path;
