"""Partition trees: bounds, columns in other orders, indexes and constraints with their places in the tree."""

from tests.catalogue.entry import Entry

ENTRIES: list[Entry] = [
    Entry(
        name="partitions",
        create="""
            CREATE SCHEMA cat_partitions;
            SET search_path = cat_partitions;
            CREATE TABLE event (id bigint NOT NULL, at date NOT NULL, kind text DEFAULT 'none', CHECK (id > 0))
                PARTITION BY RANGE (at, lower(kind) COLLATE "C");
            CREATE TABLE event_2025 PARTITION OF event
                FOR VALUES FROM ('2025-01-01', MINVALUE) TO ('2026-01-01', MAXVALUE);
            CREATE TABLE event_rest PARTITION OF event DEFAULT PARTITION BY LIST (kind);
            CREATE TABLE event_rest_a PARTITION OF event_rest FOR VALUES IN ('a', 'it''s', NULL);
            CREATE TABLE event_rest_b PARTITION OF event_rest (kind DEFAULT 'b' NOT NULL, CONSTRAINT own CHECK (kind <> ''))
                FOR VALUES IN ('b') PARTITION BY HASH (id) ;
            CREATE TABLE event_rest_b_0 PARTITION OF event_rest_b FOR VALUES WITH (MODULUS 2, REMAINDER 0)
                WITH (fillfactor = 50);
            CREATE TABLE event_rest_b_1 PARTITION OF event_rest_b FOR VALUES WITH (MODULUS 2, REMAINDER 1);
            CREATE UNLOGGED TABLE event_rest_rest PARTITION OF event_rest DEFAULT;
            INSERT INTO event SELECT n, date '2025-12-20' + n, chr(96 + n) FROM generate_series(1, 20) n;
        """,
        shows=r"ALTER TABLE ONLY cat_partitions\.event_rest ATTACH PARTITION cat_partitions\.event_rest_rest DEFAULT;",
    ),
    Entry(
        name="partition_columns",
        create="""
            CREATE SCHEMA cat_partition_columns;
            SET search_path = cat_partition_columns;
            CREATE TABLE parts (gone integer, id integer, a text DEFAULT 'p', went integer, b numeric NOT NULL)
                PARTITION BY LIST (id);
            CREATE TABLE part_1 (b numeric NOT NULL DEFAULT 4, lost text, a text, id integer);
            ALTER TABLE part_1 DROP COLUMN lost;
            ALTER TABLE parts DROP COLUMN gone, DROP COLUMN went;
            ALTER TABLE parts ATTACH PARTITION part_1 FOR VALUES IN (1);
            CREATE TABLE part_2 PARTITION OF parts (a DEFAULT 'q') FOR VALUES IN (2);
            ALTER TABLE part_2 ALTER a SET STATISTICS 99, ALTER a SET STORAGE MAIN;
            ALTER TABLE parts ADD COLUMN late integer GENERATED ALWAYS AS (id * 2) STORED;
            INSERT INTO parts VALUES (1, 'x', 2), (2, 'y', 3);
        """,
        shows=r"CREATE TABLE cat_partition_columns\.part_1 \(\n    b numeric DEFAULT 4 NOT NULL,\n    a text DEFAULT NULL,\n    id integer",
    ),
    Entry(
        name="partition_detached",
        create="""
            CREATE SCHEMA cat_partition_detached;
            SET search_path = cat_partition_detached;
            CREATE TABLE parts (id integer PRIMARY KEY, a text, CHECK (a <> '')) PARTITION BY LIST (id);
            CREATE TABLE part_1 PARTITION OF parts FOR VALUES IN (1);
            CREATE INDEX ON parts (a);
            ALTER TABLE parts DETACH PARTITION part_1;
            INSERT INTO part_1 VALUES (5);
        """,
        shows=r"CREATE TABLE cat_partition_detached\.part_1 \(",
    ),
    Entry(
        name="partition_indexes",
        create='''
            CREATE SCHEMA cat_partition_indexes;
            SET search_path = cat_partition_indexes;
            CREATE TABLE parts (id integer, a text, b integer) PARTITION BY RANGE (id);
            CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (0) TO (10) PARTITION BY LIST (id);
            CREATE TABLE part_1_1 PARTITION OF part_1 FOR VALUES IN (1);
            CREATE TABLE part_2 PARTITION OF parts FOR VALUES FROM (10) TO (20);
            CREATE INDEX part_2_named_before ON part_2 (a);
            CREATE INDEX parts_a ON parts (a);
            ALTER INDEX part_1_a_idx RENAME TO "odd ""name""";
            CREATE UNIQUE INDEX parts_id ON parts (id, lower(a)) INCLUDE (b) WITH (fillfactor = 70) WHERE id > 0;
            CREATE INDEX half ON ONLY parts (b);
            CREATE INDEX half_1 ON ONLY part_1 (b);
            ALTER INDEX half ATTACH PARTITION half_1;
            CREATE INDEX alone ON part_2 (id);
            ALTER TABLE part_2 CLUSTER ON part_2_named_before;
            CREATE INDEX parts_expression ON parts ((b + 1));
            ALTER INDEX parts_expression ALTER COLUMN 1 SET STATISTICS 44;
            ALTER INDEX part_2_expr_idx ALTER COLUMN 1 SET STATISTICS 55;
        ''',
        shows=r'ALTER INDEX cat_partition_indexes\.parts_a ATTACH PARTITION cat_partition_indexes\."odd ""name""";',
    ),
    Entry(
        name="partition_keys",
        create="""
            CREATE SCHEMA cat_partition_keys;
            SET search_path = cat_partition_keys;
            CREATE TABLE parts (id integer, a text, CONSTRAINT "the key" PRIMARY KEY (id, a), UNIQUE (a, id) DEFERRABLE)
                PARTITION BY RANGE (id);
            CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (0) TO (10) PARTITION BY LIST (a);
            CREATE TABLE part_1_1 PARTITION OF part_1 FOR VALUES IN ('x');
            CREATE TABLE part_2 (a text NOT NULL, id integer NOT NULL, CONSTRAINT "own key" PRIMARY KEY (id, a));
            ALTER TABLE parts ATTACH PARTITION part_2 FOR VALUES FROM (10) TO (20);
            ALTER TABLE part_1 RENAME CONSTRAINT part_1_pkey TO renamed;
            INSERT INTO parts VALUES (1, 'x'), (11, 'y');
            COMMENT ON CONSTRAINT renamed ON part_1 IS 'renamed';
        """,
        shows=r'ALTER INDEX cat_partition_keys\."the key" ATTACH PARTITION cat_partition_keys\."own key";',
    ),
    Entry(
        name="partition_key_not_everywhere",
        create="""
            CREATE SCHEMA cat_partition_key_not_everywhere;
            SET search_path = cat_partition_key_not_everywhere;
            CREATE TABLE parts (id integer NOT NULL, a text) PARTITION BY RANGE (id);
            CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
            CREATE TABLE part_2 PARTITION OF parts FOR VALUES FROM (10) TO (20);
            ALTER TABLE ONLY parts ADD CONSTRAINT waiting UNIQUE (id);
            ALTER TABLE part_1 ADD CONSTRAINT part_1_id UNIQUE (id);
            ALTER INDEX waiting ATTACH PARTITION part_1_id;
        """,
        shows=r"ALTER INDEX cat_partition_key_not_everywhere\.waiting ATTACH PARTITION",
    ),
    Entry(
        name="partition_checks",
        create="""
            CREATE SCHEMA cat_partition_checks;
            SET search_path = cat_partition_checks;
            CREATE FUNCTION good(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 <> ''bad''';
            CREATE TABLE parts (id integer, a text, CONSTRAINT positive CHECK (id > 0), CONSTRAINT calls CHECK (good(a)))
                PARTITION BY LIST (id);
            CREATE TABLE part_1 PARTITION OF parts (CONSTRAINT own CHECK (a <> 'own'), CONSTRAINT positive CHECK (id > 0))
                FOR VALUES IN (1);
            CREATE TABLE part_2 (a text, id integer, CONSTRAINT positive CHECK (id > 0), CONSTRAINT calls CHECK (good(a)));
            ALTER TABLE parts ATTACH PARTITION part_2 FOR VALUES IN (2);
            ALTER TABLE parts ADD CONSTRAINT late CHECK (id < 100) NOT VALID;
            ALTER TABLE part_2 VALIDATE CONSTRAINT late;
            COMMENT ON CONSTRAINT positive ON part_1 IS 'of the partition';
            INSERT INTO parts VALUES (1, 'x'), (2, 'y');
        """,
        shows=r"CONSTRAINT own CHECK \(\(a <> 'own'::text\)\)",
    ),
    Entry(
        name="partition_not_null",
        create="""
            CREATE SCHEMA cat_partition_not_null;
            SET search_path = cat_partition_not_null;
            CREATE TABLE parts (id integer, a text NOT NULL, b text) PARTITION BY LIST (id);
            CREATE TABLE part_1 PARTITION OF parts FOR VALUES IN (1);
            ALTER TABLE part_1 ALTER b SET NOT NULL;
            CREATE TABLE part_2 (b text, a text NOT NULL, id integer NOT NULL);
            ALTER TABLE parts ATTACH PARTITION part_2 FOR VALUES IN (2);
        """,
        shows=r"ALTER TABLE ONLY cat_partition_not_null\.parts ATTACH PARTITION",
    ),
    Entry(
        name="partition_not_null_names",
        create="""
            CREATE SCHEMA cat_partition_not_null_names;
            SET search_path = cat_partition_not_null_names;
            CREATE TABLE parts (id integer, a text CONSTRAINT "a there" NOT NULL, b text) PARTITION BY LIST (id);
            CREATE TABLE part_1 PARTITION OF parts FOR VALUES IN (1) PARTITION BY LIST (b);
            CREATE TABLE part_1_1 PARTITION OF part_1 FOR VALUES IN ('x');
            CREATE TABLE part_2 (b text CONSTRAINT "b here" NOT NULL, a text CONSTRAINT "a here" NOT NULL, id integer);
            ALTER TABLE parts ATTACH PARTITION part_2 FOR VALUES IN (2);
            ALTER TABLE parts ALTER b SET NOT NULL;
        """,
        shows=r'CONSTRAINT "a there" NOT NULL',
        since=18,
    ),
    Entry(
        name="partition_foreign_keys",
        create="""
            CREATE SCHEMA cat_partition_foreign_keys;
            SET search_path = cat_partition_foreign_keys;
            CREATE TABLE target (id integer PRIMARY KEY, a text) PARTITION BY RANGE (id);
            CREATE TABLE target_1 PARTITION OF target FOR VALUES FROM (0) TO (10);
            CREATE TABLE target_2 PARTITION OF target FOR VALUES FROM (10) TO (20) PARTITION BY LIST (id);
            CREATE TABLE target_2_1 PARTITION OF target_2 FOR VALUES IN (11);
            CREATE TABLE plain (id integer PRIMARY KEY, target integer REFERENCES target ON DELETE CASCADE);
            CREATE TABLE source (id integer, plain integer REFERENCES plain DEFERRABLE INITIALLY DEFERRED,
                target integer CONSTRAINT "to parts" REFERENCES target) PARTITION BY LIST (id);
            CREATE TABLE source_1 PARTITION OF source FOR VALUES IN (1);
            CREATE TABLE source_2 PARTITION OF source FOR VALUES IN (2) PARTITION BY LIST (plain);
            CREATE TABLE source_2_1 PARTITION OF source_2 FOR VALUES IN (1);
            ALTER TABLE source_1 ADD CONSTRAINT own FOREIGN KEY (target) REFERENCES plain;
            INSERT INTO target VALUES (1), (11);
            INSERT INTO plain VALUES (1, 11);
            INSERT INTO source VALUES (1, 1, 1), (2, 1, 11);
        """,
        shows=r"ALTER TABLE cat_partition_foreign_keys\.source\n    ADD CONSTRAINT \"to parts\" FOREIGN KEY \(target\)",
    ),
    Entry(
        name="partition_foreign_keys_of_their_own",
        create="""
            CREATE SCHEMA cat_partition_foreign_keys_of_their_own;
            SET search_path = cat_partition_foreign_keys_of_their_own;
            CREATE TABLE plain (id integer PRIMARY KEY);
            CREATE TABLE source (id integer, plain integer) PARTITION BY LIST (id);
            CREATE TABLE source_1 (id integer, plain integer, CONSTRAINT "own name" FOREIGN KEY (plain) REFERENCES plain);
            CREATE TABLE source_2 PARTITION OF source FOR VALUES IN (2);
            ALTER TABLE source ADD CONSTRAINT of_parent FOREIGN KEY (plain) REFERENCES plain;
            ALTER TABLE source ATTACH PARTITION source_1 FOR VALUES IN (1);
            ALTER TABLE source_2 RENAME CONSTRAINT of_parent TO of_child;
        """,
        shows=r"ADD CONSTRAINT of_parent FOREIGN KEY \(plain\)",
    ),
    Entry(
        name="partition_triggers",
        create="""
            CREATE SCHEMA cat_partition_triggers;
            SET search_path = cat_partition_triggers;
            CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
            CREATE TABLE parts (id integer, a text) PARTITION BY LIST (id);
            CREATE TABLE part_1 PARTITION OF parts FOR VALUES IN (1) PARTITION BY LIST (a);
            CREATE TABLE part_1_1 PARTITION OF part_1 FOR VALUES IN ('x');
            CREATE TABLE part_2 PARTITION OF parts FOR VALUES IN (2);
            CREATE TRIGGER usual BEFORE INSERT ON parts FOR EACH ROW EXECUTE FUNCTION f('it''s');
            CREATE TRIGGER off_below AFTER UPDATE OF a ON parts FOR EACH ROW WHEN (NEW.a <> 'x') EXECUTE FUNCTION f();
            CREATE TRIGGER mixed AFTER INSERT ON parts FOR EACH ROW EXECUTE FUNCTION f();
            CREATE TRIGGER statement AFTER INSERT ON parts REFERENCING NEW TABLE AS added
                FOR EACH STATEMENT EXECUTE FUNCTION f();
            CREATE TRIGGER own BEFORE DELETE ON part_2 FOR EACH ROW EXECUTE FUNCTION f();
            ALTER TABLE part_2 DISABLE TRIGGER off_below;
            ALTER TABLE parts DISABLE TRIGGER mixed;
            ALTER TABLE part_1_1 ENABLE ALWAYS TRIGGER mixed;
            ALTER TABLE part_2 ENABLE REPLICA TRIGGER mixed;
            COMMENT ON TRIGGER usual ON part_2 IS 'a clone';
        """,
        shows=r"ALTER TABLE cat_partition_triggers\.part_2 ENABLE REPLICA TRIGGER mixed;",
    ),
    Entry(
        name="partition_exclusion",
        create="""
            CREATE SCHEMA cat_partition_exclusion;
            CREATE EXTENSION IF NOT EXISTS btree_gist;
            SET search_path = cat_partition_exclusion;
            CREATE TABLE parts (id integer, during daterange,
                CONSTRAINT apart EXCLUDE USING gist (id WITH =, during WITH &&) DEFERRABLE) PARTITION BY LIST (id);
            CREATE TABLE part_1 PARTITION OF parts FOR VALUES IN (1);
            CREATE TABLE part_2 PARTITION OF parts FOR VALUES IN (2, 3) PARTITION BY LIST (id);
            CREATE TABLE part_2_1 PARTITION OF part_2 FOR VALUES IN (2);
            ALTER TABLE part_2_1 RENAME CONSTRAINT part_2_1_id_during_excl TO "own 'name'";
            ALTER TABLE part_2_1 CLUSTER ON "own 'name'";
            COMMENT ON CONSTRAINT "own 'name'" ON part_2_1 IS 'below';
            INSERT INTO parts VALUES (1, '[2026-01-01,2026-02-01)'), (2, '[2026-01-01,2026-02-01)');
        """,
        shows=r"COMMENT ON CONSTRAINT \"own 'name'\" ON cat_partition_exclusion\.part_2_1 IS 'below';",
        since=17,
    ),
]
