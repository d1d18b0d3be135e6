"""Every option that the documentation knows, for each kind of relation."""

from tests.catalogue.entry import Entry

INDEXES = (
    ("btree", "a", "fillfactor = 70, deduplicate_items = off"),
    ("hash", "a", "fillfactor = 60"),
    ("gist", "place", "fillfactor = 50, buffering = on"),
    ("spgist", "place", "fillfactor = 40"),
    ("gin", "list", "fastupdate = off, gin_pending_list_limit = 512"),
    ("brin", "a", "pages_per_range = 16, autosummarize = on"),
)

ENTRIES: list[Entry] = [
    Entry(
        name="options_of_tables",
        create="""
            CREATE SCHEMA cat_options_of_tables;
            CREATE TABLE cat_options_of_tables.t (a text) WITH (
                autovacuum_analyze_scale_factor = 0.5, autovacuum_analyze_threshold = 51, autovacuum_enabled = off,
                autovacuum_freeze_max_age = 200000, autovacuum_freeze_min_age = 10, autovacuum_freeze_table_age = 11,
                autovacuum_multixact_freeze_max_age = 20000, autovacuum_multixact_freeze_min_age = 12,
                autovacuum_multixact_freeze_table_age = 13, autovacuum_vacuum_cost_delay = 1.5,
                autovacuum_vacuum_cost_limit = 14, autovacuum_vacuum_insert_scale_factor = 0.25,
                autovacuum_vacuum_insert_threshold = 15, autovacuum_vacuum_scale_factor = 0.75,
                autovacuum_vacuum_threshold = 16, fillfactor = 77, log_autovacuum_min_duration = 17, parallel_workers = 2,
                toast_tuple_target = 4000, user_catalog_table = on, vacuum_index_cleanup = auto, vacuum_truncate = off,
                toast.autovacuum_enabled = off, toast.autovacuum_freeze_max_age = 200001,
                toast.autovacuum_freeze_min_age = 20, toast.autovacuum_freeze_table_age = 21,
                toast.autovacuum_multixact_freeze_max_age = 20001, toast.autovacuum_multixact_freeze_min_age = 22,
                toast.autovacuum_multixact_freeze_table_age = 23, toast.autovacuum_vacuum_cost_delay = 2.5,
                toast.autovacuum_vacuum_cost_limit = 24, toast.autovacuum_vacuum_insert_scale_factor = 0.125,
                toast.autovacuum_vacuum_insert_threshold = 25, toast.autovacuum_vacuum_scale_factor = 0.375,
                toast.autovacuum_vacuum_threshold = 26, toast.log_autovacuum_min_duration = 27,
                toast.vacuum_index_cleanup = on, toast.vacuum_truncate = off);
        """,
        shows=r"toast\.vacuum_truncate='?off'?",
        table="cat_options_of_tables.t",
    ),
    Entry(
        name="options_of_tables_of_18",
        since=18,
        create="""
            CREATE SCHEMA cat_options_of_tables_of_18;
            CREATE TABLE cat_options_of_tables_of_18.t (a text) WITH (
                autovacuum_vacuum_max_threshold = 100, vacuum_max_eager_freeze_failure_rate = 0.5,
                toast.autovacuum_vacuum_max_threshold = 101, toast.vacuum_max_eager_freeze_failure_rate = 0.25);
        """,
        shows=r"toast\.vacuum_max_eager_freeze_failure_rate='0\.25'",
        table="cat_options_of_tables_of_18.t",
    ),
    Entry(
        name="options_of_views",
        create="""
            CREATE SCHEMA cat_options_of_views;
            CREATE TABLE cat_options_of_views.t (a text);
            CREATE VIEW cat_options_of_views.v WITH (check_option = local, security_barrier)
                AS SELECT a FROM cat_options_of_views.t WHERE a <> '';
        """,
        shows=r"CREATE VIEW cat_options_of_views\.v WITH \(security_barrier",
    ),
    Entry(
        name="options_of_indexes",
        create="""
            CREATE SCHEMA cat_options_of_indexes;
            CREATE TABLE cat_options_of_indexes.t (
                a integer, place point, list integer[],
                PRIMARY KEY (a) WITH (fillfactor = 65),
                EXCLUDE USING gist (place WITH ~=) WITH (fillfactor = 55, buffering = auto));
        """
        + "".join(
            f"CREATE INDEX i_{method} ON cat_options_of_indexes.t USING {method} ({column}) WITH ({options});"
            for method, column, options in INDEXES
        ),
        shows=r"PRIMARY KEY \(a\) WITH \(fillfactor='65'\)|EXCLUDE .* WITH \(fillfactor='55', buffering=auto\)|INDEX i_.* WITH \(",
        table="cat_options_of_indexes.t",
    ),
]
