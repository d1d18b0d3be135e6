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
