"""Enums, composites, ranges and domains."""

from tests.catalogue.entry import Entry

ENTRIES: list[Entry] = [
    Entry(
        name="enum",
        create="""
            CREATE SCHEMA cat_enum;
            CREATE TYPE cat_enum.state AS ENUM ('new', 'it''s', 'back\\slash', 'Ünïcode', '');
            ALTER TYPE cat_enum.state ADD VALUE 'second' AFTER 'new';
            CREATE TYPE cat_enum.empty AS ENUM ();
            CREATE TABLE cat_enum.t (id integer, s cat_enum.state DEFAULT 'new', many cat_enum.state[]);
            INSERT INTO cat_enum.t VALUES (1, 'second', '{it''s,"back\\\\slash"}'), (2, '', NULL);
            CREATE INDEX ON cat_enum.t (s) WHERE s > 'second';
        """,
        shows=r"CREATE TYPE cat_enum\.state AS ENUM \(\n    'new',\n    'second',",
    ),
    Entry(
        name="composite",
        create="""
            CREATE SCHEMA cat_composite;
            SET search_path = cat_composite;
            CREATE TYPE address AS (street text COLLATE "C", zip character varying(10), tags text[], amount numeric(6, 2));
            CREATE TYPE shrunk AS (a integer, b integer, c integer);
            ALTER TYPE shrunk DROP ATTRIBUTE b;
            CREATE TYPE nothing AS ();
            CREATE TYPE nested AS (home address, others address[]);
            CREATE TABLE t (id integer PRIMARY KEY, a nested, s shrunk);
            INSERT INTO t VALUES (1, ROW(ROW('x, "y"', '1', '{a,b}', 1.5), ARRAY[ROW(NULL, '', NULL, 2)::address]), '(1,3)');
        """,
        shows=r"CREATE TYPE cat_composite\.nested AS \(\n\s+home cat_composite\.address,",
    ),
    Entry(
        name="range",
        create="""
            CREATE SCHEMA cat_range;
            SET search_path = cat_range;
            CREATE TYPE prices AS RANGE (SUBTYPE = numeric);
            CREATE TYPE texts AS RANGE (SUBTYPE = text, COLLATION = "C", SUBTYPE_OPCLASS = text_pattern_ops,
                MULTIRANGE_TYPE_NAME = many_texts);
            CREATE TYPE floats AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = float8mi);
            CREATE TABLE t (id integer, p prices, m many_texts, EXCLUDE USING gist (p WITH &&));
            INSERT INTO t VALUES (1, '[1,2.5)', '{[a,b),[c,)}'), (2, 'empty', '{}');
        """,
        shows=r"multirange_type_name = cat_range\.many_texts",
    ),
    Entry(
        name="range_with_functions",
        create="""
            CREATE SCHEMA cat_range_with_functions;
            SET search_path = cat_range_with_functions;
            CREATE TYPE span;
            CREATE FUNCTION whole(span) RETURNS span LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical';
            CREATE FUNCTION apart(integer, integer) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT ($1 - $2)::float8';
            CREATE TYPE span AS RANGE (SUBTYPE = integer, CANONICAL = whole, SUBTYPE_DIFF = apart);
        """,
        shows=r"canonical = cat_range_with_functions\.whole",
    ),
    Entry(
        name="domain",
        create="""
            CREATE SCHEMA cat_domain;
            SET search_path = cat_domain;
            CREATE DOMAIN positive AS integer CONSTRAINT is_positive CHECK (VALUE > 0) CHECK (VALUE <> 13);
            CREATE DOMAIN code AS character varying(8) COLLATE "C" DEFAULT 'a\\b' NOT NULL;
            CREATE DOMAIN narrow AS positive CHECK (VALUE < 100);
            ALTER DOMAIN narrow ADD CONSTRAINT late CHECK (VALUE <> 7) NOT VALID;
            CREATE DOMAIN several AS positive[];
            CREATE TABLE t (a narrow, b code, c several);
            INSERT INTO t VALUES (1, 'x', '{1,2}');
        """,
        shows=r"ADD CONSTRAINT late CHECK \(\(\(VALUE\)::integer <> 7\)\) NOT VALID;",
    ),
    Entry(
        name="domain_with_function",
        create="""
            CREATE SCHEMA cat_domain_with_function;
            SET search_path = cat_domain_with_function;
            CREATE FUNCTION is_good(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 <> ''bad''';
            CREATE DOMAIN good AS text CHECK (is_good(VALUE));
            CREATE TABLE t (v good);
            INSERT INTO t VALUES ('fine');
        """,
        shows=r"CHECK \(cat_domain_with_function\.is_good\(VALUE\)\)",
    ),
    Entry(
        name="domain_with_function_inside_others",
        create="""
            CREATE SCHEMA cat_domain_with_function_inside_others;
            SET search_path = cat_domain_with_function_inside_others;
            CREATE FUNCTION is_good(integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1 <> 13; END';
            CREATE DOMAIN good AS integer CHECK (is_good(VALUE)) CONSTRAINT small CHECK (VALUE < 100);
            CREATE DOMAIN goods AS good[];
            CREATE DOMAIN better AS good CONSTRAINT better CHECK (is_good(VALUE + 1));
            CREATE DOMAIN late AS integer;
            ALTER DOMAIN late ADD CONSTRAINT late CHECK (is_good(VALUE)) NOT VALID;
            CREATE TYPE pair AS (a integer, b better);
            CREATE DOMAIN good_pair AS pair CHECK (is_good((VALUE).a));
            CREATE TYPE goods_between AS RANGE (SUBTYPE = good);
            CREATE TABLE arrays (v good[] DEFAULT '{1,2}', w late[]);
            CREATE TABLE composites (v pair);
            CREATE TABLE composites_in_arrays (v pair[], w good_pair[]);
            CREATE TABLE ranges (v goods_between, w goods_between[]);
            CREATE TABLE multiranges (v goods_between_multirange);
            CREATE TABLE domains_over_it (v goods, w goods[]);
            CREATE TABLE plain (v good, w better);
            CREATE TABLE rows_of_it (v plain, w plain[]);
            CREATE TABLE parted (id integer, v good[]) PARTITION BY RANGE (id);
            CREATE TABLE "a part" PARTITION OF parted FOR VALUES FROM (0) TO (10);
            CREATE TABLE heir (more text) INHERITS (arrays);
            CREATE TABLE typed OF pair;
            CREATE MATERIALIZED VIEW filled AS SELECT v FROM arrays;
            CREATE VIEW seen AS SELECT v FROM domains_over_it;
            INSERT INTO arrays VALUES ('{1}', '{1,NULL}');
            INSERT INTO composites VALUES ('(1,2)');
            INSERT INTO composites_in_arrays VALUES ('{"(1,2)"}', '{"(1,2)"}');
            INSERT INTO ranges VALUES ('[1,2]', '{"[1,2)"}');
            INSERT INTO multiranges VALUES ('{[1,2)}');
            INSERT INTO domains_over_it VALUES ('{1}', NULL);
            INSERT INTO plain VALUES (1, 2);
            INSERT INTO rows_of_it VALUES ('(1,2)', '{"(1,2)"}');
            INSERT INTO parted VALUES (1, '{1}');
            INSERT INTO heir VALUES ('{1}', '{1}', 'x');
            INSERT INTO typed VALUES (1, 2);
            REFRESH MATERIALIZED VIEW filled;
        """,
        shows=r"CONSTRAINT \w+ CHECK \(cat_domain_with_function_inside_others\.is_good\(",
    ),
    Entry(
        name="domain_named_not_null",
        create="""
            CREATE SCHEMA cat_domain_named_not_null;
            CREATE DOMAIN cat_domain_named_not_null.certain AS integer CONSTRAINT "must be" NOT NULL;
        """,
        shows=r'CREATE DOMAIN cat_domain_named_not_null\.certain AS integer\s+CONSTRAINT "must be" NOT NULL',
        since=17,
    ),
    Entry(
        name="type_of_a_table",
        create="""
            CREATE SCHEMA cat_type_of_a_table;
            SET search_path = cat_type_of_a_table;
            CREATE TABLE inner_one (a integer, b text);
            CREATE TABLE outer_one (rows inner_one[], latest inner_one);
            CREATE DOMAIN checked AS inner_one CHECK ((VALUE).a > 0);
            INSERT INTO outer_one VALUES (ARRAY[ROW(1, 'x')::inner_one], ROW(2, E'a\\tb'));
        """,
        shows=r"latest cat_type_of_a_table\.inner_one\n",
    ),
]
