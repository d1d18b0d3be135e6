"""Schemas, extensions, collations."""

from tests.catalogue.entry import ONLY_WITH_ALL, ONLY_WITH_ROWS, Entry

ENTRIES: list[Entry] = [
    Entry(name="schema", create="CREATE SCHEMA cat_schema;", shows=r"CREATE SCHEMA cat_schema;"),
    Entry(
        name="public_schema",
        create="COMMENT ON SCHEMA public IS 'cat_public_schema';",
        shows=r"COMMENT ON SCHEMA public IS 'cat_public_schema';",
        absent=ONLY_WITH_ALL,
    ),
    Entry(
        name="extension",
        create="""
            CREATE SCHEMA cat_extension;
            CREATE EXTENSION hstore WITH SCHEMA cat_extension;
            COMMENT ON EXTENSION hstore IS 'cat_extension has a comment of its own';
            CREATE TABLE cat_extension.t (id integer, v cat_extension.hstore DEFAULT 'a=>1');
            CREATE INDEX ON cat_extension.t USING gin (v);
            INSERT INTO cat_extension.t (id) VALUES (1);
            INSERT INTO cat_extension.t VALUES (2, '"x y"=>"NULL", b=>NULL, "\\\\"=>"\\n"');
        """,
        shows=r"COMMENT ON EXTENSION hstore IS 'cat_extension has a comment of its own';",
        absent=ONLY_WITH_ALL,
    ),
    Entry(
        name="extension_type_in_a_table",
        create="""
            CREATE EXTENSION IF NOT EXISTS citext;
            CREATE SCHEMA cat_extension_type_in_a_table;
            CREATE TABLE cat_extension_type_in_a_table.t (v public.citext PRIMARY KEY CHECK (v <> 'x'));
            INSERT INTO cat_extension_type_in_a_table.t VALUES ('aB'), ('Ç');
        """,
        shows=r"v public\.citext NOT NULL",
        table="cat_extension_type_in_a_table.t",
    ),
    Entry(
        name="extension_in_other_order",
        create="""
            CREATE EXTENSION cube;
            CREATE EXTENSION earthdistance;
            CREATE SCHEMA cat_extension_in_other_order;
            CREATE TABLE cat_extension_in_other_order.t (at public.earth);
            INSERT INTO cat_extension_in_other_order.t VALUES (public.ll_to_earth(1, 2));
        """,
        shows=r"CREATE EXTENSION IF NOT EXISTS earthdistance WITH SCHEMA public;",
        absent=ONLY_WITH_ALL,
    ),
    Entry(
        name="collation_libc",
        create="""
            CREATE SCHEMA cat_collation_libc;
            CREATE COLLATION cat_collation_libc.plain (provider = libc, locale = 'C');
            CREATE COLLATION cat_collation_libc.mixed (provider = libc, lc_collate = 'C', lc_ctype = 'C.UTF-8');
            CREATE TABLE cat_collation_libc.t (a text COLLATE cat_collation_libc.mixed);
            CREATE INDEX ON cat_collation_libc.t (a COLLATE cat_collation_libc.plain);
        """,
        shows=r"CREATE COLLATION cat_collation_libc\.mixed \(provider = libc, lc_collate = 'C', lc_ctype = 'C\.UTF-8'\);",
    ),
    Entry(
        name="collation_icu",
        create="""
            CREATE SCHEMA cat_collation_icu;
            CREATE COLLATION cat_collation_icu.french (provider = icu, locale = 'fr-x-icu');
            CREATE COLLATION cat_collation_icu.insensitive
                (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
            CREATE TABLE cat_collation_icu.t (a text COLLATE cat_collation_icu.insensitive PRIMARY KEY);
            INSERT INTO cat_collation_icu.t VALUES ('a'), ('é');
        """,
        shows=r"CREATE COLLATION cat_collation_icu\.insensitive \(provider = icu, deterministic = false, locale = 'und-u-ks-level2'\);",
    ),
    Entry(
        name="collation_with_rules",
        create="""
            CREATE SCHEMA cat_collation_with_rules;
            CREATE COLLATION cat_collation_with_rules.ruled (provider = icu, locale = 'und', rules = '&V << w <<< W');
        """,
        shows=r"rules = '&V << w <<< W'",
        since=16,
    ),
    Entry(
        name="collation_builtin",
        create="""
            CREATE SCHEMA cat_collation_builtin;
            CREATE COLLATION cat_collation_builtin.built (provider = builtin, locale = 'C.UTF-8');
        """,
        shows=r"CREATE COLLATION cat_collation_builtin\.built \(provider = builtin, locale = 'C\.UTF-8'\);",
        since=17,
    ),
    Entry(
        name="large_object",
        create="""
            SELECT lo_from_bytea(777001, '\\x000102fffe5c0a0d');
            SELECT lo_from_bytea(777002, convert_to(repeat('holdfast ', 5000), 'UTF8'));
            SELECT lo_from_bytea(777003, '');
        """,
        shows=r"lo_open\('77700[123]', 131072\)|lo_create\('77700[123]'\)",
        absent=ONLY_WITH_ROWS | ONLY_WITH_ALL,
    ),
    Entry(
        name="large_object_rights",
        create="""
            CREATE ROLE cat_large_object_rights;
            CREATE ROLE cat_large_object_rights_reader;
            SELECT lo_from_bytea(777010, 'owned');
            ALTER LARGE OBJECT 777010 OWNER TO cat_large_object_rights;
            GRANT SELECT ON LARGE OBJECT 777010 TO cat_large_object_rights_reader;
            COMMENT ON LARGE OBJECT 777010 IS 'cat_large_object_rights';
        """,
        shows=r"(ALTER|ON) LARGE OBJECT 777010 (OWNER )?TO cat_large_object_rights",
        absent=frozenset({"full"}) | ONLY_WITH_ROWS | ONLY_WITH_ALL,
    ),
    Entry(
        name="large_object_comment",
        create="""
            SELECT lo_from_bytea(777020, 'with a comment');
            COMMENT ON LARGE OBJECT 777020 IS 'cat_large_object_comment';
        """,
        shows=r"COMMENT ON LARGE OBJECT 777020 IS 'cat_large_object_comment';",
        absent=ONLY_WITH_ROWS | ONLY_WITH_ALL,
    ),
]
