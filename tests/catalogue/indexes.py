"""Indexes of all sorts."""

from tests.catalogue.entry import Entry

ENTRIES: list[Entry] = [
    Entry(
        name="indexes",
        create='''
            CREATE SCHEMA cat_indexes;
            SET search_path = cat_indexes;
            CREATE TABLE t (a integer, b text, c integer[], d timestamptz, e point);
            CREATE UNIQUE INDEX everything ON t (lower(b) COLLATE "C" text_pattern_ops DESC NULLS LAST, (a + 1))
                INCLUDE (d) WITH (fillfactor = 55, deduplicate_items = off) WHERE a > 0;
            CREATE INDEX ON t USING hash (b);
            CREATE INDEX ON t USING gin (c) WITH (fastupdate = off);
            CREATE INDEX ON t USING brin (d timestamptz_minmax_multi_ops (values_per_range = 16)) WITH (pages_per_range = 8);
            CREATE INDEX ON t USING spgist (e);
            CREATE INDEX "named ""so""" ON t USING gist (e);
        ''',
        shows=r"CREATE UNIQUE INDEX everything ON cat_indexes\.t USING btree",
        table="cat_indexes.t",
    ),
    Entry(
        name="index_statistics",
        create="""
            CREATE SCHEMA cat_index_statistics;
            CREATE TABLE cat_index_statistics.t (a integer, b text);
            CREATE INDEX t_two ON cat_index_statistics.t ((a + 1), b, (a + 2));
            ALTER INDEX cat_index_statistics.t_two ALTER COLUMN 1 SET STATISTICS 11;
            ALTER INDEX cat_index_statistics.t_two ALTER COLUMN 3 SET STATISTICS 0;
        """,
        shows=r"ALTER INDEX cat_index_statistics\.t_two ALTER COLUMN 3 SET STATISTICS 0;",
        table="cat_index_statistics.t",
    ),
]
