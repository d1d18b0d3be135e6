"""Tablespaces of everything that is stored. The statements need the setting that makes folders inside the data folder."""

from tests.catalogue.entry import Entry

ENTRIES: list[Entry] = [
    Entry(
        name="tablespaces",
        create="""
            SET allow_in_place_tablespaces = on;
            CREATE TABLESPACE "cat_tablespaces 'x'" LOCATION '';
            CREATE SCHEMA cat_tablespaces;
            SET search_path = cat_tablespaces;
            CREATE TABLE t (a serial PRIMARY KEY USING INDEX TABLESPACE "cat_tablespaces 'x'", b text, c int4range)
                TABLESPACE "cat_tablespaces 'x'";
            CREATE INDEX t_b ON t (b) TABLESPACE "cat_tablespaces 'x'";
            CREATE TABLE usual (a integer UNIQUE USING INDEX TABLESPACE "cat_tablespaces 'x'",
                b integer GENERATED ALWAYS AS IDENTITY);
            CREATE TABLE child (z integer) INHERITS (t) TABLESPACE "cat_tablespaces 'x'";
            ALTER TABLE t ADD COLUMN late integer;
            CREATE MATERIALIZED VIEW m TABLESPACE "cat_tablespaces 'x'" AS SELECT 1 AS one;
            CREATE INDEX m_one ON m (one) TABLESPACE "cat_tablespaces 'x'";
            CREATE TABLE parts (a integer, PRIMARY KEY (a) USING INDEX TABLESPACE "cat_tablespaces 'x'")
                PARTITION BY LIST (a) TABLESPACE "cat_tablespaces 'x'";
            CREATE TABLE part_1 PARTITION OF parts FOR VALUES IN (1);
            CREATE TABLE part_2 PARTITION OF parts FOR VALUES IN (2) TABLESPACE pg_default;
            INSERT INTO t (b) VALUES ('x');
        """,
        shows=r"SET default_tablespace = \"cat_tablespaces 'x'\";",
    ),
]
