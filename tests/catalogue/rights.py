"""Owners, grants, row security policies. Roles are the server's; they stand before and after."""

from tests.catalogue.entry import ONLY_WITH_ALL, ONLY_WITH_OWNERS, Entry

ENTRIES: list[Entry] = [
    Entry(
        name="owners",
        create="""
            CREATE ROLE cat_owners;
            CREATE SCHEMA cat_owners AUTHORIZATION cat_owners;
            SET search_path = cat_owners;
            SET ROLE cat_owners;
            CREATE TABLE t (id serial, name text);
            CREATE VIEW v AS SELECT * FROM t;
            CREATE MATERIALIZED VIEW m AS SELECT * FROM t;
            CREATE SEQUENCE s;
            CREATE TYPE e AS ENUM ('a');
            CREATE TYPE c AS (a integer);
            CREATE TYPE r AS RANGE (SUBTYPE = integer);
            CREATE DOMAIN d AS integer;
            CREATE FUNCTION f(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
            CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1';
            CREATE COLLATION l (provider = libc, locale = 'C');
            CREATE STATISTICS x ON id, name FROM t;
        """,
        shows=r"ALTER [A-Z ]+ (cat_owners\.\w+(\(integer\)|\(\))?|cat_owners) OWNER TO cat_owners;",
        absent=ONLY_WITH_OWNERS,
    ),
    Entry(
        name="owner_without_rights",
        create="""
            CREATE ROLE cat_owner_without_rights;
            CREATE SCHEMA cat_owner_without_rights;
            CREATE TABLE cat_owner_without_rights.t (id integer);
            ALTER TABLE cat_owner_without_rights.t OWNER TO cat_owner_without_rights;
            REVOKE ALL ON cat_owner_without_rights.t FROM cat_owner_without_rights;
            INSERT INTO cat_owner_without_rights.t VALUES (1);
        """,
        shows=r"REVOKE .* ON TABLE cat_owner_without_rights\.t FROM cat_owner_without_rights;",
        absent=ONLY_WITH_OWNERS,
        table="cat_owner_without_rights.t",
    ),
    Entry(
        name="grants",
        create="""
            CREATE ROLE cat_grants;
            CREATE ROLE cat_grants_reader;
            CREATE ROLE cat_grants_writer;
            CREATE SCHEMA cat_grants AUTHORIZATION cat_grants;
            GRANT USAGE ON SCHEMA cat_grants TO cat_grants_reader, cat_grants_writer WITH GRANT OPTION;
            SET search_path = cat_grants;
            CREATE TABLE t (id serial, name text);
            ALTER TABLE t OWNER TO cat_grants;
            GRANT SELECT ON t TO cat_grants_reader WITH GRANT OPTION;
            SET ROLE cat_grants_reader;
            GRANT SELECT ON t TO cat_grants_writer WITH GRANT OPTION;
            SET ROLE cat_grants_writer;
            GRANT SELECT ON t TO PUBLIC;
            RESET ROLE;
            REVOKE DELETE, TRUNCATE ON t FROM cat_grants;
            CREATE TABLE other (id integer);
            GRANT SELECT, INSERT ON other TO PUBLIC;
            CREATE VIEW v AS SELECT 1 AS one;
            GRANT SELECT ON v TO cat_grants_reader;
            CREATE MATERIALIZED VIEW m AS SELECT 1 AS one;
            GRANT SELECT ON m TO cat_grants_reader;
            CREATE SEQUENCE s;
            GRANT USAGE ON s TO cat_grants_reader;
            GRANT SELECT ON t_id_seq TO cat_grants_reader;
            CREATE FUNCTION f(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
            REVOKE EXECUTE ON FUNCTION f FROM PUBLIC;
            GRANT EXECUTE ON FUNCTION f TO cat_grants_reader;
            CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1';
            REVOKE ALL ON PROCEDURE p FROM PUBLIC;
            CREATE TYPE e AS ENUM ('a');
            REVOKE USAGE ON TYPE e FROM PUBLIC;
            CREATE DOMAIN d AS integer;
            GRANT USAGE ON DOMAIN d TO cat_grants_reader WITH GRANT OPTION;
        """,
        shows=r"(GRANT|REVOKE) .* ON .* cat_grants(\.\S+)? (TO|FROM) ",
        absent=ONLY_WITH_OWNERS,
    ),
    Entry(
        name="column_grants",
        create="""
            CREATE ROLE cat_column_grants;
            CREATE SCHEMA cat_column_grants;
            CREATE TABLE cat_column_grants.t (a integer, "b, c" text, d integer);
            GRANT SELECT ("b, c"), UPDATE ("b, c", d) ON cat_column_grants.t TO cat_column_grants;
            GRANT REFERENCES (a) ON cat_column_grants.t TO PUBLIC;
        """,
        shows=r"GRANT .*\(.*\) ON TABLE cat_column_grants\.t TO ",
        absent=ONLY_WITH_OWNERS,
        table="cat_column_grants.t",
    ),
    Entry(
        name="column_grants_on_a_view",
        create="""
            CREATE ROLE cat_column_grants_on_a_view;
            CREATE SCHEMA cat_column_grants_on_a_view;
            CREATE VIEW cat_column_grants_on_a_view.v AS SELECT 1 AS one;
            GRANT SELECT (one) ON cat_column_grants_on_a_view.v TO cat_column_grants_on_a_view WITH GRANT OPTION;
        """,
        shows=r"GRANT SELECT\(one\) ON TABLE cat_column_grants_on_a_view\.v TO ",
        absent=ONLY_WITH_OWNERS,
    ),
    Entry(
        name="grants_on_what_others_own",
        create="""
            CREATE ROLE cat_grants_on_what_others_own;
            REVOKE ALL ON SCHEMA public FROM PUBLIC;
            GRANT USAGE ON SCHEMA public TO PUBLIC;
            GRANT CREATE ON SCHEMA public TO cat_grants_on_what_others_own;
            GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_dir(text) TO cat_grants_on_what_others_own;
        """,
        shows=r"GRANT .* TO cat_grants_on_what_others_own;",
        absent=ONLY_WITH_OWNERS | ONLY_WITH_ALL,
    ),
    Entry(
        name="maintain_right",
        create="""
            CREATE ROLE cat_maintain_right;
            CREATE SCHEMA cat_maintain_right;
            CREATE TABLE cat_maintain_right.t (id integer);
            GRANT MAINTAIN ON cat_maintain_right.t TO cat_maintain_right;
        """,
        shows=r"GRANT MAINTAIN ON TABLE cat_maintain_right\.t TO cat_maintain_right;",
        since=17,
        absent=ONLY_WITH_OWNERS,
        table="cat_maintain_right.t",
    ),
    Entry(
        name="policies",
        create="""
            CREATE ROLE cat_policies;
            CREATE ROLE "cat_policies wri'ter";
            CREATE SCHEMA cat_policies;
            SET search_path = cat_policies;
            CREATE TABLE t (id integer, title text);
            INSERT INTO t VALUES (1, 'seen'), (2, 'hidden');
            ALTER TABLE t ENABLE ROW LEVEL SECURITY;
            CREATE POLICY everybody ON t USING (id > 1);
            CREATE POLICY "Some ones" ON t AS RESTRICTIVE FOR UPDATE TO cat_policies, "cat_policies wri'ter"
                USING (true) WITH CHECK (title <> 'x\\y');
            CREATE POLICY add ON t FOR INSERT TO cat_policies WITH CHECK (title <> '');
            CREATE POLICY look ON t FOR SELECT USING (id > 0);
            CREATE POLICY at_work ON t FOR DELETE TO CURRENT_USER USING (id = (SELECT max(id) FROM t));
        """,
        shows=r'CREATE POLICY "Some ones" ON cat_policies\.t AS RESTRICTIVE FOR UPDATE TO cat_policies, "cat_policies wri\'ter"',
    ),
]
