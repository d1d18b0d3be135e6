"""Tables alone: columns, storage, kinds of tables, and what is marked on them."""

from tests.catalogue.entry import Entry

ENTRIES: list[Entry] = [
    Entry(
        name="table_without_columns",
        create="""
            CREATE SCHEMA cat_table_without_columns;
            CREATE TABLE cat_table_without_columns.nothing ();
            INSERT INTO cat_table_without_columns.nothing DEFAULT VALUES;
        """,
        shows=r"CREATE TABLE cat_table_without_columns\.nothing \(\n\);",
        table="cat_table_without_columns.nothing",
    ),
    Entry(
        name="dropped_columns",
        create="""
            CREATE SCHEMA cat_dropped_columns;
            CREATE TABLE cat_dropped_columns.t (gone integer, kept text, went text, last integer DEFAULT 3);
            INSERT INTO cat_dropped_columns.t VALUES (1, 'a', 'b', 2);
            ALTER TABLE cat_dropped_columns.t DROP COLUMN gone, DROP COLUMN went;
            INSERT INTO cat_dropped_columns.t VALUES ('c');
        """,
        shows=r"CREATE TABLE cat_dropped_columns\.t \(\n    kept text,\n    last integer DEFAULT 3\n\);",
        table="cat_dropped_columns.t",
    ),
    Entry(
        name="odd_names",
        create='''
            CREATE SCHEMA "cat_odd_names ""x"" \\ ''
--
ünïcode 🐘";
            SET search_path = "cat_odd_names ""x"" \\ ''
--
ünïcode 🐘";
            CREATE TABLE "select" ("from" serial PRIMARY KEY, "a b" integer, "ünïcode 🐘" text DEFAULT E'it''s \\\\.\\n',
                "new
line" integer CHECK ("new
line" > 0));
            INSERT INTO "select" VALUES (DEFAULT, 1, E'\\\\.\\t\\n', 2);
            CREATE TABLE abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk (
                abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk integer GENERATED ALWAYS AS IDENTITY,
                PRIMARY KEY (abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk));
            CREATE TABLE "Parts;
-- ""of""" ("key" integer, "new
line" text) PARTITION BY LIST ("key");
            CREATE TABLE "a;
\\! echo" PARTITION OF "Parts;
-- ""of""" ("new
line" DEFAULT 'x') FOR VALUES IN (1);
            CREATE INDEX "index;
-- ""x""" ON "Parts;
-- ""of""" ("new
line");
            CREATE TABLE "child ""c""" (own integer) INHERITS ("select");
        ''',
        shows=r'INHERITS \("cat_odd_names ""x"" \\ \'\'\n--\nünïcode 🐘"\."select"\);',
    ),
    Entry(
        name="column_storage",
        create="""
            CREATE SCHEMA cat_column_storage;
            CREATE TABLE cat_column_storage.t (a text, b text, c text, d text, e numeric, f integer);
            ALTER TABLE cat_column_storage.t ALTER a SET STORAGE PLAIN, ALTER b SET STORAGE EXTERNAL,
                ALTER c SET STORAGE MAIN, ALTER e SET STORAGE EXTENDED;
        """,
        shows=r"ALTER TABLE ONLY cat_column_storage\.t ALTER COLUMN e SET STORAGE EXTENDED;",
        table="cat_column_storage.t",
    ),
    Entry(
        name="column_compression",
        create="""
            CREATE SCHEMA cat_column_compression;
            CREATE TABLE cat_column_compression.t (a text COMPRESSION pglz, b text);
        """,
        shows=r"ALTER COLUMN a SET COMPRESSION pglz;",
        table="cat_column_compression.t",
    ),
    Entry(
        name="column_statistics",
        create="""
            CREATE SCHEMA cat_column_statistics;
            CREATE TABLE cat_column_statistics.t (a text, b text);
            ALTER TABLE cat_column_statistics.t ALTER a SET STATISTICS 0, ALTER b SET STATISTICS 1234;
        """,
        shows=r"ALTER TABLE ONLY cat_column_statistics\.t ALTER COLUMN a SET STATISTICS 0;",
        table="cat_column_statistics.t",
    ),
    Entry(
        name="column_options",
        create="""
            CREATE SCHEMA cat_column_options;
            CREATE TABLE cat_column_options.t (a text, b text);
            ALTER TABLE cat_column_options.t ALTER a SET (n_distinct = 10, n_distinct_inherited = -0.5);
        """,
        shows=r"ALTER TABLE ONLY cat_column_options\.t ALTER COLUMN a SET \(n_distinct=10, n_distinct_inherited=-0\.5\);",
        table="cat_column_options.t",
    ),
    Entry(
        name="storage_parameters",
        create="""
            CREATE SCHEMA cat_storage_parameters;
            CREATE TABLE cat_storage_parameters.t (a text) WITH (fillfactor = 71, autovacuum_enabled = false,
                toast_tuple_target = 4000, parallel_workers = 3, toast.autovacuum_enabled = off,
                toast.log_autovacuum_min_duration = 100, vacuum_truncate = on, autovacuum_vacuum_scale_factor = 0.25);
        """,
        shows=r"fillfactor='71'.*toast\.autovacuum_enabled='?off",
        table="cat_storage_parameters.t",
    ),
    Entry(
        name="unlogged_table",
        create="""
            CREATE SCHEMA cat_unlogged_table;
            CREATE UNLOGGED TABLE cat_unlogged_table.t (a serial PRIMARY KEY, b integer GENERATED ALWAYS AS IDENTITY);
            INSERT INTO cat_unlogged_table.t DEFAULT VALUES;
        """,
        shows=r"CREATE UNLOGGED TABLE cat_unlogged_table\.t \(",
        table="cat_unlogged_table.t",
    ),
    Entry(
        name="turned_unlogged",
        create="""
            CREATE SCHEMA cat_turned_unlogged;
            CREATE TABLE cat_turned_unlogged.t (a serial PRIMARY KEY, b integer GENERATED ALWAYS AS IDENTITY);
            ALTER TABLE cat_turned_unlogged.t SET UNLOGGED;
            CREATE UNLOGGED TABLE cat_turned_unlogged.u (a serial PRIMARY KEY, b integer GENERATED ALWAYS AS IDENTITY);
            ALTER TABLE cat_turned_unlogged.u SET LOGGED;
        """,
        shows=r"CREATE UNLOGGED TABLE cat_turned_unlogged\.t \(",
    ),
    Entry(
        name="typed_table",
        create="""
            CREATE SCHEMA cat_typed_table;
            CREATE TYPE cat_typed_table.shape AS (id integer, gone text, label text COLLATE "C", weight numeric(8, 2));
            CREATE TABLE cat_typed_table.plain OF cat_typed_table.shape;
            CREATE TABLE cat_typed_table.more OF cat_typed_table.shape (
                id WITH OPTIONS PRIMARY KEY, label WITH OPTIONS DEFAULT 'x' NOT NULL, CHECK (weight > 0))
                WITH (fillfactor = 80);
            ALTER TYPE cat_typed_table.shape DROP ATTRIBUTE gone CASCADE;
            ALTER TABLE cat_typed_table.plain ALTER weight SET STATISTICS 7;
            INSERT INTO cat_typed_table.more VALUES (1, 'a', 3);
            CREATE TABLE cat_typed_table.parts OF cat_typed_table.shape PARTITION BY LIST (id);
        """,
        shows=r"CREATE TABLE cat_typed_table\.plain OF cat_typed_table\.shape;",
    ),
    Entry(
        name="generated_column",
        create="""
            CREATE SCHEMA cat_generated_column;
            CREATE TABLE cat_generated_column.t (
                twice integer GENERATED ALWAYS AS (a * 2) STORED NOT NULL CHECK (twice > 0), a integer);
            INSERT INTO cat_generated_column.t (a) VALUES (1), (2);
        """,
        shows=r"twice integer GENERATED ALWAYS AS \(\(a \* 2\)\) STORED NOT NULL",
        table="cat_generated_column.t",
    ),
    Entry(
        name="generated_column_with_function",
        create="""
            CREATE SCHEMA cat_generated_column_with_function;
            SET search_path = cat_generated_column_with_function;
            CREATE FUNCTION double(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
            CREATE TABLE t (a integer, twice integer GENERATED ALWAYS AS (double(a)) STORED);
            CREATE TABLE c (b integer) INHERITS (t);
            INSERT INTO t (a) VALUES (1), (2);
        """,
        shows=r"twice integer GENERATED ALWAYS AS \(cat_generated_column_with_function\.double\(a\)\) STORED",
    ),
    Entry(
        name="virtual_column",
        create="""
            CREATE SCHEMA cat_virtual_column;
            CREATE TABLE cat_virtual_column.t (a integer, twice integer GENERATED ALWAYS AS (a * 2) VIRTUAL,
                thrice integer GENERATED ALWAYS AS (a * 3) VIRTUAL NOT NULL, last text, CHECK (twice <> 7));
            INSERT INTO cat_virtual_column.t (a, last) VALUES (1, 'x'), (2, 'y');
            CREATE TABLE cat_virtual_column.child (b integer) INHERITS (cat_virtual_column.t);
            CREATE TABLE cat_virtual_column.other (twice integer GENERATED ALWAYS AS (a * 4) VIRTUAL)
                INHERITS (cat_virtual_column.t);
            CREATE TABLE cat_virtual_column.parts (a integer, twice integer GENERATED ALWAYS AS (a * 2) VIRTUAL)
                PARTITION BY LIST (a);
            CREATE TABLE cat_virtual_column.part PARTITION OF cat_virtual_column.parts
                (twice GENERATED ALWAYS AS (a * 5) VIRTUAL) FOR VALUES IN (1);
        """,
        shows=r"twice integer GENERATED ALWAYS AS \(\(a \* 2\)\),?\n",
        since=18,
    ),
    Entry(
        name="row_security",
        create="""
            CREATE SCHEMA cat_row_security;
            CREATE TABLE cat_row_security.enabled (a integer);
            CREATE TABLE cat_row_security.forced (a integer);
            CREATE TABLE cat_row_security.forced_alone (a integer);
            INSERT INTO cat_row_security.forced VALUES (1);
            ALTER TABLE cat_row_security.enabled ENABLE ROW LEVEL SECURITY;
            ALTER TABLE cat_row_security.forced ENABLE ROW LEVEL SECURITY;
            ALTER TABLE cat_row_security.forced FORCE ROW LEVEL SECURITY;
            ALTER TABLE cat_row_security.forced_alone FORCE ROW LEVEL SECURITY;
            CREATE POLICY p ON cat_row_security.forced USING (a > 0);
            CREATE TABLE cat_row_security.parts (a integer) PARTITION BY LIST (a);
            CREATE TABLE cat_row_security.part PARTITION OF cat_row_security.parts DEFAULT;
            ALTER TABLE cat_row_security.parts ENABLE ROW LEVEL SECURITY;
        """,
        shows=r"ALTER TABLE ONLY cat_row_security\.forced_alone FORCE ROW LEVEL SECURITY;",
    ),
    Entry(
        name="replica_identity",
        create="""
            CREATE SCHEMA cat_replica_identity;
            CREATE TABLE cat_replica_identity.nobody (a integer);
            CREATE TABLE cat_replica_identity.whole (a integer);
            CREATE TABLE cat_replica_identity.by_key (a integer PRIMARY KEY);
            CREATE TABLE cat_replica_identity.by_index (a integer NOT NULL);
            CREATE UNIQUE INDEX by_index_a ON cat_replica_identity.by_index (a);
            ALTER TABLE cat_replica_identity.nobody REPLICA IDENTITY NOTHING;
            ALTER TABLE cat_replica_identity.whole REPLICA IDENTITY FULL;
            ALTER TABLE cat_replica_identity.by_key REPLICA IDENTITY USING INDEX by_key_pkey;
            ALTER TABLE cat_replica_identity.by_index REPLICA IDENTITY USING INDEX by_index_a;
            CREATE TABLE cat_replica_identity.parts (a integer PRIMARY KEY, b integer) PARTITION BY LIST (a);
            CREATE TABLE cat_replica_identity.part PARTITION OF cat_replica_identity.parts DEFAULT;
            ALTER TABLE cat_replica_identity.parts REPLICA IDENTITY USING INDEX parts_pkey;
            ALTER TABLE cat_replica_identity.part REPLICA IDENTITY USING INDEX part_pkey;
            CREATE TABLE cat_replica_identity.full_parts (a integer) PARTITION BY LIST (a);
            CREATE TABLE cat_replica_identity.full_part PARTITION OF cat_replica_identity.full_parts DEFAULT;
            ALTER TABLE cat_replica_identity.full_parts REPLICA IDENTITY FULL;
        """,
        shows=r"ALTER TABLE ONLY cat_replica_identity\.by_index REPLICA IDENTITY USING INDEX by_index_a;",
    ),
    Entry(
        name="cluster_mark",
        create="""
            CREATE SCHEMA cat_cluster_mark;
            CREATE TABLE cat_cluster_mark.by_key (a integer PRIMARY KEY);
            CREATE TABLE cat_cluster_mark.by_index (a integer);
            CREATE INDEX by_index_a ON cat_cluster_mark.by_index (a);
            ALTER TABLE cat_cluster_mark.by_key CLUSTER ON by_key_pkey;
            ALTER TABLE cat_cluster_mark.by_index CLUSTER ON by_index_a;
        """,
        shows=r"ALTER TABLE cat_cluster_mark\.by_index CLUSTER ON by_index_a;",
    ),
    Entry(
        name="table_access_method",
        create="""
            CREATE ACCESS METHOD cat_table_access_method TYPE TABLE HANDLER heap_tableam_handler;
            CREATE SCHEMA cat_table_access_method;
            CREATE TABLE cat_table_access_method.t (a integer PRIMARY KEY) USING cat_table_access_method;
            INSERT INTO cat_table_access_method.t SELECT generate_series(1, 20);
            CREATE MATERIALIZED VIEW cat_table_access_method.m USING cat_table_access_method AS SELECT 1 AS one;
            CREATE TABLE cat_table_access_method.plain (a integer);
        """,
        shows=r"SET default_table_access_method = cat_table_access_method;",
    ),
    Entry(
        name="partitioned_access_method",
        create="""
            CREATE ACCESS METHOD cat_partitioned_access_method TYPE TABLE HANDLER heap_tableam_handler;
            CREATE SCHEMA cat_partitioned_access_method;
            SET search_path = cat_partitioned_access_method;
            CREATE TABLE parts (a integer) PARTITION BY LIST (a) USING cat_partitioned_access_method;
            CREATE TABLE part_1 PARTITION OF parts FOR VALUES IN (1);
            CREATE TABLE part_2 PARTITION OF parts FOR VALUES IN (2) USING heap;
        """,
        shows=r"ALTER TABLE cat_partitioned_access_method\.parts SET ACCESS METHOD cat_partitioned_access_method;",
        since=17,
    ),
    Entry(
        name="table_comments",
        create="""
            CREATE SCHEMA cat_table_comments;
            CREATE TABLE cat_table_comments.t (a integer PRIMARY KEY, b integer CONSTRAINT positive CHECK (b > 0));
            CREATE INDEX t_b ON cat_table_comments.t (b);
            COMMENT ON TABLE cat_table_comments.t IS 'a table''s \\ comment
in lines';
            COMMENT ON COLUMN cat_table_comments.t.a IS 'a column';
            COMMENT ON CONSTRAINT positive ON cat_table_comments.t IS 'a check';
            COMMENT ON CONSTRAINT t_pkey ON cat_table_comments.t IS 'a key';
            COMMENT ON INDEX cat_table_comments.t_b IS 'an index';
            COMMENT ON INDEX cat_table_comments.t_pkey IS 'the index of a key';
        """,
        shows=r"COMMENT ON INDEX cat_table_comments\.t_pkey IS 'the index of a key';",
        table="cat_table_comments.t",
    ),
]
