"""Comments that the server keeps of what was dropped: nothing of them comes back, and nothing else suffers."""

from tests.catalogue.entry import Entry

CATALOGS = (
    "pg_subscription",
    "pg_publication",
    "pg_event_trigger",
    "pg_foreign_server",
    "pg_cast",
    "pg_proc",
    "pg_class",
)

ENTRIES: list[Entry] = [
    Entry(
        name="left_behind",
        create="""
            CREATE SCHEMA cat_left_behind;
            CREATE SUBSCRIPTION cat_left_behind CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false);
            COMMENT ON SUBSCRIPTION cat_left_behind IS 'left behind';
            ALTER SUBSCRIPTION cat_left_behind SET (slot_name = NONE);
            DROP SUBSCRIPTION cat_left_behind;
            SET allow_system_table_mods = on;
        """
        + "".join(
            f"INSERT INTO pg_description VALUES (4000000000, '{catalog}'::regclass, 0, 'left behind');"
            for catalog in CATALOGS
        ),
        shows=r"CREATE SCHEMA cat_left_behind;",
    ),
]
