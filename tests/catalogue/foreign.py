"""Foreign data wrappers, servers, user mappings, foreign tables. Nothing is ever read from them."""

from tests.catalogue.entry import ONLY_WITH_ALL, ONLY_WITH_OWNERS, Entry

ENTRIES: list[Entry] = [
    Entry(
        name="foreign_data_wrapper",
        create="""
            CREATE SCHEMA cat_foreign_data_wrapper;
            CREATE EXTENSION IF NOT EXISTS postgres_fdw WITH SCHEMA public;
            CREATE FOREIGN DATA WRAPPER "cat_foreign_data_wrapper odd""one
'" OPTIONS ("a b" 'it''s a \\ value', "select" '');
            CREATE FOREIGN DATA WRAPPER cat_foreign_data_wrapper HANDLER public.postgres_fdw_handler
                VALIDATOR public.postgres_fdw_validator;
            COMMENT ON FOREIGN DATA WRAPPER cat_foreign_data_wrapper IS 'a wrapper';
        """,
        shows=r"(CREATE|COMMENT ON) FOREIGN DATA WRAPPER \"?cat_foreign_data_wrapper",
        absent=ONLY_WITH_ALL,
    ),
    Entry(
        name="server",
        create="""
            CREATE FOREIGN DATA WRAPPER cat_server;
            CREATE SERVER cat_server TYPE 'it''s' VERSION '1\\2' FOREIGN DATA WRAPPER cat_server
                OPTIONS (host 'nowhere', "Pört" E'a\\nb');
            CREATE SERVER "cat_server bare ééééééééééééééééééééééé" FOREIGN DATA WRAPPER cat_server;
            COMMENT ON SERVER cat_server IS 'a server';
        """,
        shows=r"(CREATE|COMMENT ON) SERVER \"?cat_server",
        absent=ONLY_WITH_ALL,
    ),
    Entry(
        name="server_with_owner_and_grants",
        create="""
            CREATE ROLE cat_server_with_owner_and_grants;
            CREATE ROLE cat_server_with_owner_and_grants_reader;
            CREATE FOREIGN DATA WRAPPER cat_server_with_owner_and_grants;
            GRANT USAGE ON FOREIGN DATA WRAPPER cat_server_with_owner_and_grants TO cat_server_with_owner_and_grants
                WITH GRANT OPTION;
            CREATE SERVER cat_server_with_owner_and_grants FOREIGN DATA WRAPPER cat_server_with_owner_and_grants;
            ALTER SERVER cat_server_with_owner_and_grants OWNER TO cat_server_with_owner_and_grants;
            GRANT USAGE ON FOREIGN SERVER cat_server_with_owner_and_grants TO cat_server_with_owner_and_grants_reader;
        """,
        shows=r"(GRANT|ALTER) .* (SERVER|WRAPPER) cat_server_with_owner_and_grants (TO|OWNER TO) cat_server_with_owner",
        absent=ONLY_WITH_ALL | ONLY_WITH_OWNERS,
    ),
    Entry(
        name="user_mapping",
        create="""
            CREATE ROLE "cat_user_mapping ro'le";
            CREATE FOREIGN DATA WRAPPER cat_user_mapping;
            CREATE SERVER cat_user_mapping FOREIGN DATA WRAPPER cat_user_mapping;
            CREATE USER MAPPING FOR PUBLIC SERVER cat_user_mapping OPTIONS (user 'u', password E'p\\'w\\\\d');
            CREATE USER MAPPING FOR "cat_user_mapping ro'le" SERVER cat_user_mapping;
            CREATE USER MAPPING FOR CURRENT_USER SERVER cat_user_mapping OPTIONS (user 'me');
        """,
        shows=r"CREATE USER MAPPING FOR .* SERVER cat_user_mapping",
        absent=ONLY_WITH_ALL,
    ),
    Entry(
        name="foreign_table",
        create="""
            CREATE SCHEMA cat_foreign_table;
            CREATE EXTENSION IF NOT EXISTS postgres_fdw WITH SCHEMA public;
            CREATE SERVER cat_foreign_table FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere', port '1');
            SET search_path = cat_foreign_table;
            CREATE FOREIGN TABLE t (
                id integer OPTIONS (column_name 'i''d') NOT NULL,
                "na ""me" text OPTIONS (column_name E'n\\na') COLLATE "C" DEFAULT 'x',
                twice integer GENERATED ALWAYS AS (id * 2) STORED,
                CONSTRAINT positive CHECK (id > 0)
            ) SERVER cat_foreign_table OPTIONS (schema_name 'pub lic', table_name 'ta''ble', fetch_size '7');
            ALTER FOREIGN TABLE t ALTER COLUMN id SET STATISTICS 7, ALTER COLUMN "na ""me" SET (n_distinct = 5);
            CREATE FOREIGN TABLE nothing () SERVER cat_foreign_table;
            CREATE VIEW seen AS SELECT id FROM t;
            CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
            CREATE TRIGGER touch BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION touch();
            COMMENT ON FOREIGN TABLE t IS 'far away';
            COMMENT ON COLUMN t.id IS 'a far column';
        """,
        shows=r"CREATE FOREIGN TABLE cat_foreign_table\.|ALTER FOREIGN TABLE .*cat_foreign_table\.",
        # Without its server it cannot be.
        absent=ONLY_WITH_ALL,
    ),
    Entry(
        name="foreign_table_in_a_tree",
        create="""
            CREATE SCHEMA cat_foreign_table_in_a_tree;
            CREATE FOREIGN DATA WRAPPER cat_foreign_table_in_a_tree;
            CREATE SERVER cat_foreign_table_in_a_tree FOREIGN DATA WRAPPER cat_foreign_table_in_a_tree;
            SET search_path = cat_foreign_table_in_a_tree;
            CREATE TABLE parent (id integer NOT NULL, at date);
            INSERT INTO parent VALUES (1, '2020-02-02');
            CREATE FOREIGN TABLE heir (more text) INHERITS (parent) SERVER cat_foreign_table_in_a_tree;
            ALTER FOREIGN TABLE heir ALTER COLUMN at OPTIONS (column_name 'moment');
            CREATE TABLE parted (id integer, at date) PARTITION BY RANGE (at);
            CREATE TABLE near PARTITION OF parted FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
            INSERT INTO parted VALUES (1, '2025-02-02');
            CREATE FOREIGN TABLE cold PARTITION OF parted FOR VALUES FROM ('2020-01-01') TO ('2025-01-01')
                SERVER cat_foreign_table_in_a_tree OPTIONS (table_name 'cold');
        """,
        shows=r"INHERITS \(cat_foreign_table_in_a_tree\.parent\)|ATTACH PARTITION cat_foreign_table_in_a_tree\.",
        absent=ONLY_WITH_ALL,
    ),
    Entry(
        name="wrapper_of_another",
        create="""
            CREATE ROLE cat_wrapper_of_another SUPERUSER;
            CREATE FOREIGN DATA WRAPPER cat_wrapper_of_another;
            ALTER FOREIGN DATA WRAPPER cat_wrapper_of_another OWNER TO cat_wrapper_of_another;
        """,
        shows=r"CREATE FOREIGN DATA WRAPPER cat_wrapper_of_another;",
        absent=ONLY_WITH_ALL,
    ),
]
