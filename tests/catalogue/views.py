"""Views, materialized views, extended statistics."""

from tests.catalogue.entry import ONLY_WITH_ROWS, Entry

ENTRIES: list[Entry] = [
    Entry(
        name="view",
        create="""
            CREATE SCHEMA cat_view;
            SET search_path = cat_view;
            CREATE TABLE t (id integer PRIMARY KEY, name text);
            INSERT INTO t VALUES (1, 'x');
            CREATE VIEW glad AS SELECT id, name FROM t WHERE name = 'glad' WITH LOCAL CHECK OPTION;
            CREATE VIEW barrier WITH (security_barrier) AS SELECT id, name AS "Na me" FROM glad WITH CASCADED CHECK OPTION;
            ALTER VIEW glad ALTER COLUMN name SET DEFAULT 'nobody';
            CREATE VIEW empty AS SELECT;
            CREATE VIEW lettered AS SELECT 'x' COLLATE "C" AS letter, '{}'::text[] AS none;
            CREATE RECURSIVE VIEW counted (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM counted WHERE n < 5;
        """,
        shows=r"CREATE VIEW cat_view\.barrier WITH \(security_barrier='?true'?\) AS",
    ),
    Entry(
        name="view_with_invoker",
        create="""
            CREATE SCHEMA cat_view_with_invoker;
            CREATE VIEW cat_view_with_invoker.v WITH (security_invoker) AS SELECT 1 AS one;
        """,
        shows=r"CREATE VIEW cat_view_with_invoker\.v WITH \(security_invoker='?true'?\) AS",
        since=15,
    ),
    Entry(
        name="view_that_needs_a_key",
        create="""
            CREATE SCHEMA cat_view_that_needs_a_key;
            SET search_path = cat_view_that_needs_a_key;
            CREATE TABLE t (id integer PRIMARY KEY, name text);
            CREATE VIEW grouped AS SELECT id, name, count(*) AS many FROM t GROUP BY id;
            CREATE VIEW above AS SELECT name FROM grouped;
            CREATE MATERIALIZED VIEW filled AS SELECT name FROM above;
        """,
        shows=r"CREATE VIEW cat_view_that_needs_a_key\.grouped AS",
    ),
    Entry(
        name="materialized_view",
        create="""
            CREATE SCHEMA cat_materialized_view;
            SET search_path = cat_materialized_view;
            CREATE TABLE t (id integer, name text);
            INSERT INTO t VALUES (1, 'a'), (2, 'b');
            CREATE MATERIALIZED VIEW z_first AS SELECT count(*) AS n FROM t;
            CREATE VIEW between_them AS SELECT n FROM z_first;
            CREATE MATERIALIZED VIEW a_second WITH (fillfactor = 70, toast.autovacuum_enabled = false) AS
                SELECT n, 'text'::text AS words FROM between_them;
            ALTER MATERIALIZED VIEW a_second ALTER COLUMN words SET STORAGE EXTERNAL, ALTER COLUMN n SET STATISTICS 5;
            ALTER MATERIALIZED VIEW a_second ALTER COLUMN n SET (n_distinct = 3);
            CREATE UNIQUE INDEX the_second ON a_second (n);
            ALTER MATERIALIZED VIEW a_second CLUSTER ON the_second;
        """,
        shows=r"CREATE MATERIALIZED VIEW cat_materialized_view\.a_second\n?WITH \(fillfactor='?70'?, toast\.autovacuum_enabled='?false'?\) AS",
    ),
    Entry(
        name="materialized_view_data",
        create="""
            CREATE SCHEMA cat_materialized_view_data;
            CREATE MATERIALIZED VIEW cat_materialized_view_data.v AS SELECT 1 AS one;
        """,
        shows=r"REFRESH MATERIALIZED VIEW cat_materialized_view_data\.v;",
        absent=ONLY_WITH_ROWS,
    ),
    Entry(
        name="materialized_view_without_data",
        create="""
            CREATE SCHEMA cat_materialized_view_without_data;
            CREATE MATERIALIZED VIEW cat_materialized_view_without_data.v AS SELECT 1 AS one WITH NO DATA;
        """,
        shows=r"CREATE MATERIALIZED VIEW cat_materialized_view_without_data\.v AS\n SELECT 1 AS one\n  WITH NO DATA;",
    ),
    Entry(
        name="extended_statistics",
        create="""
            CREATE SCHEMA cat_extended_statistics;
            SET search_path = cat_extended_statistics;
            CREATE TABLE t (a integer, b text);
            CREATE STATISTICS correlated (dependencies, ndistinct, mcv) ON a, b FROM t;
            CREATE STATISTICS expressive ON lower(b), a FROM t;
            ALTER STATISTICS expressive SET STATISTICS 50;
        """,
        shows=r"ALTER STATISTICS cat_extended_statistics\.expressive SET STATISTICS 50;",
        table="cat_extended_statistics.t",
    ),
]
