"""Default privileges. They are for roles of the entry alone, since they work on whatever their role makes."""

from tests.catalogue.entry import ONLY_WITH_ALL, ONLY_WITH_OWNERS, Entry

ENTRIES: list[Entry] = [
    Entry(
        name="default_privileges",
        create="""
            CREATE ROLE cat_default_privileges;
            CREATE ROLE "cat_default_privileges rea""der
'";
            ALTER DEFAULT PRIVILEGES FOR ROLE cat_default_privileges
                GRANT SELECT ON TABLES TO "cat_default_privileges rea""der
'";
            ALTER DEFAULT PRIVILEGES FOR ROLE cat_default_privileges
                GRANT INSERT, UPDATE ON TABLES TO "cat_default_privileges rea""der
'" WITH GRANT OPTION;
            ALTER DEFAULT PRIVILEGES FOR ROLE cat_default_privileges GRANT USAGE ON SCHEMAS TO PUBLIC;
            ALTER DEFAULT PRIVILEGES FOR ROLE cat_default_privileges GRANT ALL ON SEQUENCES TO PUBLIC;
        """,
        shows=r"ALTER DEFAULT PRIVILEGES FOR ROLE cat_default_privileges GRANT ",
        absent=ONLY_WITH_ALL | ONLY_WITH_OWNERS,
    ),
    Entry(
        name="default_privileges_taken",
        create="""
            CREATE ROLE cat_default_privileges_taken;
            ALTER DEFAULT PRIVILEGES FOR ROLE cat_default_privileges_taken REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
            ALTER DEFAULT PRIVILEGES FOR ROLE cat_default_privileges_taken
                REVOKE USAGE ON TYPES FROM PUBLIC, cat_default_privileges_taken;
            ALTER DEFAULT PRIVILEGES FOR ROLE cat_default_privileges_taken
                REVOKE TRUNCATE, INSERT ON TABLES FROM cat_default_privileges_taken;
        """,
        shows=r"ALTER DEFAULT PRIVILEGES FOR ROLE cat_default_privileges_taken REVOKE ",
        absent=ONLY_WITH_ALL | ONLY_WITH_OWNERS,
    ),
    Entry(
        name="default_privileges_in_schema",
        create="""
            CREATE SCHEMA cat_default_privileges_in_schema;
            CREATE SCHEMA "cat_default_privileges_in_schema o'dd";
            CREATE ROLE cat_default_privileges_in_schema;
            CREATE ROLE cat_default_privileges_in_schema_reader;
            ALTER DEFAULT PRIVILEGES FOR ROLE cat_default_privileges_in_schema
                IN SCHEMA cat_default_privileges_in_schema, "cat_default_privileges_in_schema o'dd"
                GRANT SELECT ON TABLES TO cat_default_privileges_in_schema_reader;
            ALTER DEFAULT PRIVILEGES FOR ROLE cat_default_privileges_in_schema
                IN SCHEMA cat_default_privileges_in_schema GRANT EXECUTE ON FUNCTIONS TO PUBLIC;
            GRANT USAGE, CREATE ON SCHEMA cat_default_privileges_in_schema TO cat_default_privileges_in_schema;
            SET ROLE cat_default_privileges_in_schema;
            CREATE TABLE cat_default_privileges_in_schema.born_with_rights (id integer);
            CREATE TABLE cat_default_privileges_in_schema.without (id integer);
            REVOKE ALL ON cat_default_privileges_in_schema.without FROM cat_default_privileges_in_schema_reader;
        """,
        shows=r"IN SCHEMA \"?cat_default_privileges_in_schema|ON TABLE cat_default_privileges_in_schema\.",
        absent=ONLY_WITH_OWNERS,
    ),
    Entry(
        name="default_privileges_of_large_objects",
        create="""
            CREATE ROLE cat_default_privileges_of_large_objects;
            ALTER DEFAULT PRIVILEGES FOR ROLE cat_default_privileges_of_large_objects
                GRANT SELECT ON LARGE OBJECTS TO PUBLIC;
        """,
        shows=r"FOR ROLE cat_default_privileges_of_large_objects GRANT SELECT ON LARGE OBJECTS",
        since=18,
        absent=ONLY_WITH_ALL | ONLY_WITH_OWNERS,
    ),
]
