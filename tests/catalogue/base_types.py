"""Base types, which functions of C read and write, and shells of types."""

from tests.catalogue.entry import Entry

ENTRIES: list[Entry] = [
    Entry(
        name="base_type",
        create="""
            CREATE SCHEMA cat_base_type;
            SET search_path = cat_base_type;
            CREATE TYPE word;
            CREATE FUNCTION word_in(cstring) RETURNS word IMMUTABLE STRICT LANGUAGE internal AS 'textin';
            CREATE FUNCTION word_out(word) RETURNS cstring IMMUTABLE STRICT LANGUAGE internal AS 'textout';
            CREATE FUNCTION word_receive(internal) RETURNS word STABLE STRICT LANGUAGE internal AS 'textrecv';
            CREATE FUNCTION word_send(word) RETURNS bytea STABLE STRICT LANGUAGE internal AS 'textsend';
            CREATE TYPE word (input = word_in, output = word_out, receive = word_receive, send = word_send, like = text,
                category = 'S', preferred = true, default = 'it''s \\\\ a "word"', collatable = true, delimiter = ';');
            CREATE FUNCTION said(word) RETURNS word LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1; END';
            CREATE CAST (word AS text) WITHOUT FUNCTION;
            CREATE DOMAIN short AS word CHECK (length(VALUE::text) < 99);
            CREATE TABLE t (id integer PRIMARY KEY, w word, ws word[], s short);
            INSERT INTO t (id, w, ws) VALUES (1, E'x\\ty', '{a;b}'), (2, '', NULL);
            INSERT INTO t (id) VALUES (3);
            COMMENT ON TYPE word IS 'a word';
        """,
        shows=r"CREATE TYPE cat_base_type\.word( \(\n    INTERNALLENGTH = variable,|;)",
    ),
    Entry(
        name="base_type_fixed",
        create="""
            CREATE SCHEMA cat_base_type_fixed;
            SET search_path = cat_base_type_fixed;
            CREATE TYPE small;
            CREATE FUNCTION small_in(cstring) RETURNS small IMMUTABLE STRICT LANGUAGE internal AS 'int2in';
            CREATE FUNCTION small_out(small) RETURNS cstring IMMUTABLE STRICT LANGUAGE internal AS 'int2out';
            CREATE TYPE small (input = small_in, output = small_out, internallength = 2, passedbyvalue, alignment = int2);
            CREATE TYPE spot;
            CREATE FUNCTION spot_in(cstring) RETURNS spot IMMUTABLE STRICT LANGUAGE internal AS 'point_in';
            CREATE FUNCTION spot_out(spot) RETURNS cstring IMMUTABLE STRICT LANGUAGE internal AS 'point_out';
            CREATE TYPE spot (input = spot_in, output = spot_out, internallength = 16, alignment = double, element = float8,
                category = 'G');
            CREATE TABLE t (id integer, a small, b spot);
            INSERT INTO t VALUES (1, '7', '(1,2)');
        """,
        shows=r"ALIGNMENT = int2,\n|INTERNALLENGTH = 16,|ELEMENT = double precision|PASSEDBYVALUE",
    ),
    Entry(
        name="base_type_modified",
        create="""
            CREATE SCHEMA cat_base_type_modified;
            SET search_path = cat_base_type_modified;
            CREATE TYPE "Limited ""text"" x";
            CREATE FUNCTION "in"(cstring, oid, integer) RETURNS "Limited ""text"" x" IMMUTABLE STRICT LANGUAGE internal AS 'varcharin';
            CREATE FUNCTION "out"("Limited ""text"" x") RETURNS cstring IMMUTABLE STRICT LANGUAGE internal AS 'varcharout';
            CREATE FUNCTION "modify in"(cstring[]) RETURNS integer IMMUTABLE STRICT LANGUAGE internal AS 'varchartypmodin';
            CREATE FUNCTION "modify out"(integer) RETURNS cstring IMMUTABLE STRICT LANGUAGE internal AS 'varchartypmodout';
            CREATE FUNCTION part(internal) RETURNS internal IMMUTABLE STRICT LANGUAGE internal AS 'raw_array_subscript_handler';
            CREATE TYPE "Limited ""text"" x" (input = "in", output = "out", typmod_in = "modify in", typmod_out = "modify out",
                subscript = part, element = text, storage = external, alignment = int4);
            ALTER TYPE "Limited ""text"" x" SET (storage = extended);
            CREATE FUNCTION fit("Limited ""text"" x", integer, boolean) RETURNS "Limited ""text"" x" IMMUTABLE STRICT
                LANGUAGE internal AS 'varchar';
            CREATE CAST ("Limited ""text"" x" AS "Limited ""text"" x") WITH FUNCTION fit("Limited ""text"" x", integer, boolean) AS IMPLICIT;
            CREATE TABLE t (id integer, a "Limited ""text"" x"(7), b "Limited ""text"" x"(3)[]);
            INSERT INTO t VALUES (1, 'abcdefg', '{abc}');
        """,
        shows=r"TYPMOD_OUT = cat_base_type_modified\.|SUBSCRIPT = cat_base_type_modified\.|\"Limited \"\"text\"\" x\"\(7\)",
    ),
    Entry(
        name="base_type_analyzed",
        create="""
            CREATE SCHEMA cat_base_type_analyzed;
            SET search_path = cat_base_type_analyzed;
            CREATE TYPE looked;
            CREATE FUNCTION looked_in(cstring) RETURNS looked IMMUTABLE STRICT LANGUAGE internal AS 'int4in';
            CREATE FUNCTION looked_out(looked) RETURNS cstring IMMUTABLE STRICT LANGUAGE internal AS 'int4out';
            CREATE FUNCTION looked_analyze(internal) RETURNS boolean STRICT LANGUAGE internal AS 'ts_typanalyze';
            CREATE TYPE looked (input = looked_in, output = looked_out, like = integer, analyze = looked_analyze);
            CREATE FUNCTION compared(looked, looked) RETURNS integer IMMUTABLE STRICT LANGUAGE internal AS 'btint4cmp';
            CREATE FUNCTION lt(looked, looked) RETURNS boolean IMMUTABLE STRICT LANGUAGE internal AS 'int4lt';
            CREATE FUNCTION eq(looked, looked) RETURNS boolean IMMUTABLE STRICT LANGUAGE internal AS 'int4eq';
            CREATE OPERATOR < (leftarg = looked, rightarg = looked, function = lt);
            CREATE OPERATOR = (leftarg = looked, rightarg = looked, function = eq, merges);
            CREATE OPERATOR CLASS looked_ops DEFAULT FOR TYPE looked USING btree AS
                OPERATOR 1 <, OPERATOR 3 =, FUNCTION 1 compared(looked, looked);
            CREATE VIEW v AS SELECT DISTINCT a FROM unnest('{1,2}'::looked[]) a ORDER BY a;
        """,
        shows=r"ANALYZE = cat_base_type_analyzed\.looked_analyze",
    ),
    Entry(
        name="base_type_default",
        create="""
            CREATE SCHEMA cat_base_type_default;
            SET search_path = cat_base_type_default;
            CREATE TYPE counted;
            CREATE FUNCTION counted_in(cstring) RETURNS counted IMMUTABLE STRICT LANGUAGE internal AS 'int4in';
            CREATE FUNCTION counted_out(counted) RETURNS cstring IMMUTABLE STRICT LANGUAGE internal AS 'int4out';
            CREATE TYPE counted (input = counted_in, output = counted_out, like = integer, default = 42);
            CREATE TABLE t (id integer, c counted, d counted DEFAULT '7');
            INSERT INTO t VALUES (1);
        """,
        shows=r"DEFAULT = '42'",
    ),
    Entry(
        name="shell_type",
        create="""
            CREATE SCHEMA cat_shell_type;
            CREATE TYPE cat_shell_type.shell;
            CREATE TYPE cat_shell_type."Shell ""of""
two lines";
            CREATE FUNCTION cat_shell_type.needs(cat_shell_type.shell) RETURNS integer STRICT LANGUAGE internal AS 'hashtext';
            COMMENT ON TYPE cat_shell_type.shell IS 'empty';
        """,
        shows=r'CREATE TYPE cat_shell_type\.(shell|"Shell ""of""\ntwo lines");',
    ),
    Entry(
        name="range_with_canonical",
        create="""
            CREATE SCHEMA cat_range_with_canonical;
            SET search_path = cat_range_with_canonical;
            CREATE TYPE span;
            CREATE FUNCTION canonical(span) RETURNS span IMMUTABLE STRICT LANGUAGE internal AS 'int4range_canonical';
            CREATE FUNCTION difference(integer, integer) RETURNS float8 IMMUTABLE LANGUAGE sql AS 'SELECT $1::float8 - $2';
            CREATE TYPE span AS RANGE (subtype = integer, canonical = canonical, subtype_diff = difference);
            CREATE TABLE t (id integer, s span, m span_multirange);
            INSERT INTO t VALUES (1, '[1,3]', '{[1,3],[5,7)}');
        """,
        shows=r"canonical = cat_range_with_canonical\.canonical",
    ),
]
