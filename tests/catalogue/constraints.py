"""Constraints of tables, with all that may be said about each."""

from tests.catalogue.entry import Entry

ENTRIES: list[Entry] = [
    Entry(
        name="checks",
        create='''
            CREATE SCHEMA cat_checks;
            SET search_path = cat_checks;
            CREATE FUNCTION good(integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 <> 13';
            CREATE TABLE t (a integer CHECK (a > 0), b integer CONSTRAINT "it's ""b""" CHECK (good(b)), CHECK (a <> b),
                CONSTRAINT not_passed_on CHECK (a > 1) NO INHERIT);
            INSERT INTO t VALUES (2, 3);
            ALTER TABLE t ADD CONSTRAINT late CHECK (b < 4) NOT VALID;
            CREATE FUNCTION whole(t) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1.a > 0';
            ALTER TABLE t ADD CONSTRAINT whole_row CHECK (whole(t));
        ''',
        shows=r"ADD CONSTRAINT late CHECK \(\(b < 4\)\) NOT VALID;",
    ),
    Entry(
        name="keys",
        create="""
            CREATE SCHEMA cat_keys;
            SET search_path = cat_keys;
            CREATE TABLE t (a integer, b integer, c text, d text, e integer,
                CONSTRAINT "the key" PRIMARY KEY (a, b) INCLUDE (c) WITH (fillfactor = 70),
                UNIQUE (b, c), CONSTRAINT deferred UNIQUE (c) DEFERRABLE INITIALLY DEFERRED,
                CONSTRAINT at_once UNIQUE (d) INCLUDE (e) WITH (fillfactor = 60) DEFERRABLE);
            INSERT INTO t VALUES (1, 2, 'c', 'd', 3);
            CREATE UNIQUE INDEX made_before ON t (e, a) WITH (fillfactor = 55);
            ALTER TABLE t ADD CONSTRAINT from_index UNIQUE USING INDEX made_before;
        """,
        shows=r'ADD CONSTRAINT "the key" PRIMARY KEY \(a, b\) INCLUDE \(c\) WITH \(fillfactor=\'?70\'?\);',
        table="cat_keys.t",
    ),
    Entry(
        name="nulls_not_distinct",
        create="""
            CREATE SCHEMA cat_nulls_not_distinct;
            CREATE TABLE cat_nulls_not_distinct.t (a integer, b integer, UNIQUE NULLS NOT DISTINCT (a, b) DEFERRABLE);
            CREATE UNIQUE INDEX t_b ON cat_nulls_not_distinct.t (b) NULLS NOT DISTINCT;
        """,
        shows=r"UNIQUE NULLS NOT DISTINCT \(a, b\) DEFERRABLE;",
        since=15,
        table="cat_nulls_not_distinct.t",
    ),
    Entry(
        name="exclusion",
        create="""
            CREATE SCHEMA cat_exclusion;
            CREATE TABLE cat_exclusion.t (a int4range, b circle,
                CONSTRAINT apart EXCLUDE USING gist (a WITH &&, b WITH &&) INCLUDE (a) WITH (fillfactor = 80)
                    WHERE (NOT isempty(a)) DEFERRABLE INITIALLY DEFERRED,
                EXCLUDE USING btree ((lower(a)) WITH =));
            INSERT INTO cat_exclusion.t VALUES ('[1,3)', '<(0,0),1>');
        """,
        shows=r"ADD CONSTRAINT apart EXCLUDE USING gist \(a WITH &&, b WITH &&\)",
        table="cat_exclusion.t",
    ),
    Entry(
        name="foreign_keys",
        create="""
            CREATE SCHEMA cat_foreign_keys;
            SET search_path = cat_foreign_keys;
            CREATE TABLE up (a integer PRIMARY KEY, b integer, c integer, UNIQUE (b, c));
            CREATE TABLE down (id integer PRIMARY KEY, a integer REFERENCES up ON DELETE CASCADE ON UPDATE SET NULL,
                b integer DEFAULT 1, c integer, self integer REFERENCES down DEFERRABLE INITIALLY DEFERRED,
                CONSTRAINT "both" FOREIGN KEY (b, c) REFERENCES up (b, c) MATCH FULL ON DELETE SET DEFAULT DEFERRABLE);
            INSERT INTO up VALUES (1, 1, 1);
            INSERT INTO down VALUES (1, 1, 1, 1, 2), (2, NULL, NULL, NULL, 1);
            ALTER TABLE up ADD COLUMN back integer;
            ALTER TABLE up ADD CONSTRAINT circle FOREIGN KEY (back) REFERENCES down;
            INSERT INTO down VALUES (9, NULL, NULL, NULL, 9);
            ALTER TABLE down ADD COLUMN wrong integer;
            UPDATE down SET wrong = 77;
            ALTER TABLE down ADD CONSTRAINT late FOREIGN KEY (wrong) REFERENCES up ON DELETE RESTRICT NOT VALID;
        """,
        shows=r"ADD CONSTRAINT late FOREIGN KEY \(wrong\) REFERENCES cat_foreign_keys\.up\(a\) ON DELETE RESTRICT NOT VALID;",
    ),
    Entry(
        name="foreign_key_updates",
        create="""
            CREATE SCHEMA cat_foreign_key_updates;
            SET search_path = cat_foreign_key_updates;
            CREATE TABLE up (a integer PRIMARY KEY);
            CREATE TABLE down (a integer REFERENCES up ON UPDATE CASCADE, b integer REFERENCES up ON UPDATE SET DEFAULT,
                c integer REFERENCES up ON UPDATE RESTRICT);
        """,
        shows=r"REFERENCES cat_foreign_key_updates\.up\(a\) ON UPDATE (CASCADE|SET DEFAULT|RESTRICT);",
    ),
    Entry(
        name="foreign_key_sets_one_column",
        create="""
            CREATE SCHEMA cat_foreign_key_sets_one_column;
            SET search_path = cat_foreign_key_sets_one_column;
            CREATE TABLE up (a integer, b integer, PRIMARY KEY (a, b));
            CREATE TABLE down (a integer, b integer, FOREIGN KEY (a, b) REFERENCES up ON DELETE SET NULL (b));
        """,
        shows=r"ON DELETE SET NULL \(b\);",
        since=15,
    ),
    Entry(
        name="not_enforced",
        create="""
            CREATE SCHEMA cat_not_enforced;
            SET search_path = cat_not_enforced;
            CREATE TABLE t (id integer PRIMARY KEY, up integer CONSTRAINT up REFERENCES t NOT ENFORCED,
                CONSTRAINT believed CHECK (up > 0) NOT ENFORCED);
            INSERT INTO t VALUES (1, -1);
            CREATE TABLE child () INHERITS (t);
            CREATE TABLE parts (id integer, up integer, CONSTRAINT believed CHECK (up > 0) NOT ENFORCED)
                PARTITION BY LIST (id);
            CREATE TABLE part PARTITION OF parts FOR VALUES IN (1);
            CREATE TABLE enforced_below (id integer, up integer, CONSTRAINT believed CHECK (up > 0) ENFORCED);
            ALTER TABLE parts ATTACH PARTITION enforced_below FOR VALUES IN (2);
        """,
        shows=r"ADD CONSTRAINT up FOREIGN KEY \(up\) REFERENCES cat_not_enforced\.t\(id\) NOT ENFORCED;",
        since=18,
    ),
    Entry(
        name="not_enforced_foreign_key_of_parts",
        create="""
            CREATE SCHEMA cat_not_enforced_foreign_key_of_parts;
            SET search_path = cat_not_enforced_foreign_key_of_parts;
            CREATE TABLE t (id integer PRIMARY KEY);
            CREATE TABLE parts (id integer, up integer REFERENCES t NOT ENFORCED) PARTITION BY LIST (id);
            CREATE TABLE part PARTITION OF parts FOR VALUES IN (1);
            INSERT INTO parts VALUES (1, 2);
        """,
        shows=r"NOT ENFORCED;",
        since=18,
    ),
    Entry(
        name="temporal",
        create="""
            CREATE EXTENSION IF NOT EXISTS btree_gist;
            CREATE SCHEMA cat_temporal;
            SET search_path = cat_temporal;
            CREATE TABLE room (id integer, during daterange, other daterange,
                PRIMARY KEY (id, during WITHOUT OVERLAPS) WITH (fillfactor = 70),
                UNIQUE (id, other WITHOUT OVERLAPS) DEFERRABLE);
            CREATE TABLE booking (id integer, during daterange, PRIMARY KEY (id, during WITHOUT OVERLAPS),
                FOREIGN KEY (id, PERIOD during) REFERENCES room (id, PERIOD during));
            INSERT INTO room VALUES (1, '[2026-01-01,2026-12-31)', '[2026-01-01,2026-02-01)');
            INSERT INTO booking VALUES (1, '[2026-02-01,2026-03-01)');
            CREATE TABLE many (id int4range, during datemultirange, PRIMARY KEY (id, during WITHOUT OVERLAPS));
        """,
        shows=r"FOREIGN KEY \(id, PERIOD during\) REFERENCES cat_temporal\.room\(id, PERIOD during\);",
        since=18,
    ),
    Entry(
        name="temporal_key_of_partitions",
        create="""
            CREATE EXTENSION IF NOT EXISTS btree_gist;
            CREATE SCHEMA cat_temporal_key_of_partitions;
            SET search_path = cat_temporal_key_of_partitions;
            CREATE TABLE parts (id integer, during daterange, PRIMARY KEY (id, during WITHOUT OVERLAPS))
                PARTITION BY LIST (id);
            CREATE TABLE part PARTITION OF parts FOR VALUES IN (1);
            INSERT INTO parts VALUES (1, '[2026-01-01,2026-02-01)');
        """,
        shows=r"ADD CONSTRAINT parts_pkey PRIMARY KEY \(id, during WITHOUT OVERLAPS\);",
        since=18,
    ),
    Entry(
        name="foreign_keys_to_partitions",
        create="""
            CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA public;
            CREATE SCHEMA cat_foreign_keys_to_partitions;
            SET search_path = cat_foreign_keys_to_partitions, public;
            CREATE TABLE parts (id integer, name citext, PRIMARY KEY (id, name)) PARTITION BY LIST (id);
            CREATE TABLE part_1 PARTITION OF parts FOR VALUES IN (1);
            CREATE TABLE part_2 PARTITION OF parts FOR VALUES IN (2);
            CREATE TABLE part_3 PARTITION OF parts FOR VALUES IN (3);
            INSERT INTO parts VALUES (1, 'a'), (3, 'c');
            CREATE TABLE down (id integer, name citext, CONSTRAINT up FOREIGN KEY (id, name) REFERENCES parts);
            INSERT INTO down VALUES (1, 'A'), (3, 'C');
            CREATE TABLE down_in_parts (id integer, name citext) PARTITION BY LIST (id);
            CREATE TABLE down_1 PARTITION OF down_in_parts FOR VALUES IN (1);
            ALTER TABLE down_in_parts ADD FOREIGN KEY (id, name) REFERENCES parts;
            ALTER TABLE parts DETACH PARTITION part_2;
        """,
        shows=r"ADD CONSTRAINT up FOREIGN KEY \(id, name\) REFERENCES cat_foreign_keys_to_partitions\.parts\(id, name\);",
    ),
]
