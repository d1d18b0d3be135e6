"""Publications, subscriptions and event triggers.

Subscriptions of PostgreSQL 14 and 15 are tested elsewhere (postgres_ddl_services.rs): pg_dump gives them an option that those
servers do not know, so that it cannot make the database to compare with.
"""

from tests.catalogue.entry import ONLY_WITH_ALL, ONLY_WITH_OWNERS, Entry

ENTRIES: list[Entry] = [
    Entry(
        name="publication",
        create="""
            CREATE SCHEMA cat_publication;
            SET search_path = cat_publication;
            CREATE TABLE t (id integer PRIMARY KEY, title text);
            CREATE TABLE "t""wo" (id integer PRIMARY KEY);
            CREATE TABLE parted (id integer PRIMARY KEY) PARTITION BY LIST (id);
            CREATE PUBLICATION cat_publication FOR TABLE t, "t""wo", parted
                WITH (publish = 'insert, truncate', publish_via_partition_root);
            CREATE PUBLICATION "cat_publication em""pty
'" WITH (publish = '');
            COMMENT ON PUBLICATION cat_publication IS 'a publication';
        """,
        shows=r"(CREATE|ALTER|COMMENT ON) PUBLICATION \"?cat_publication",
        absent=ONLY_WITH_ALL,
    ),
    Entry(
        name="publication_of_all_tables",
        create="CREATE PUBLICATION cat_publication_of_all_tables FOR ALL TABLES WITH (publish = 'insert')",
        shows=r"CREATE PUBLICATION cat_publication_of_all_tables FOR ALL TABLES WITH \(publish = 'insert'\)",
        absent=ONLY_WITH_ALL,
    ),
    Entry(
        name="publication_with_owner",
        create="""
            CREATE ROLE cat_publication_with_owner;
            CREATE PUBLICATION cat_publication_with_owner;
            ALTER PUBLICATION cat_publication_with_owner OWNER TO cat_publication_with_owner;
        """,
        shows=r"ALTER PUBLICATION cat_publication_with_owner OWNER TO cat_publication_with_owner",
        absent=ONLY_WITH_ALL | ONLY_WITH_OWNERS,
    ),
    Entry(
        name="publication_filters",
        create="""
            CREATE SCHEMA cat_publication_filters;
            SET search_path = cat_publication_filters;
            CREATE TABLE t (id integer PRIMARY KEY, "ti tle" text, hidden text);
            CREATE PUBLICATION cat_publication_filters FOR TABLE t ("ti tle", id)
                WHERE ("ti tle" <> 'it''s \\' AND id > 3) WITH (publish = 'insert');
        """,
        shows=r'ADD TABLE ONLY cat_publication_filters\.t \(id, "ti tle"\) WHERE',
        since=15,
        absent=ONLY_WITH_ALL,
    ),
    Entry(
        name="publication_of_schemas",
        create="""
            CREATE SCHEMA cat_publication_of_schemas;
            CREATE SCHEMA "cat_publication_of_schemas two";
            CREATE TABLE "cat_publication_of_schemas two".t (id integer PRIMARY KEY);
            CREATE PUBLICATION cat_publication_of_schemas
                FOR TABLES IN SCHEMA cat_publication_of_schemas, "cat_publication_of_schemas two";
        """,
        shows=r"ALTER PUBLICATION cat_publication_of_schemas ADD TABLES IN SCHEMA",
        since=15,
        absent=ONLY_WITH_ALL,
    ),
    Entry(
        name="publication_of_generated_columns",
        create="CREATE PUBLICATION cat_publication_of_generated_columns WITH (publish_generated_columns = stored)",
        shows=r"CREATE PUBLICATION cat_publication_of_generated_columns .*publish_generated_columns = stored",
        since=18,
        absent=ONLY_WITH_ALL,
    ),
    Entry(
        name="subscription",
        create="""
            CREATE SUBSCRIPTION cat_subscription CONNECTION 'host=nowhere password=it''s\\'
                PUBLICATION one, "t""wo" WITH (connect = false);
            CREATE SUBSCRIPTION "cat_subscription od'd" CONNECTION '' PUBLICATION "select"
                WITH (connect = false, slot_name = NONE, binary, streaming = true, synchronous_commit = 'remote_apply');
            COMMENT ON SUBSCRIPTION cat_subscription IS 'a subscription';
        """,
        shows=r"(CREATE|COMMENT ON) SUBSCRIPTION \"?cat_subscription",
        since=16,
        absent=ONLY_WITH_ALL,
    ),
    Entry(
        name="subscription_with_owner",
        create="""
            CREATE ROLE cat_subscription_with_owner SUPERUSER;
            CREATE SUBSCRIPTION cat_subscription_with_owner CONNECTION '' PUBLICATION one WITH (connect = false);
            ALTER SUBSCRIPTION cat_subscription_with_owner OWNER TO cat_subscription_with_owner;
        """,
        shows=r"ALTER SUBSCRIPTION cat_subscription_with_owner OWNER TO cat_subscription_with_owner",
        since=16,
        absent=ONLY_WITH_ALL | ONLY_WITH_OWNERS,
    ),
    Entry(
        name="subscription_with_two_phases",
        create="""
            CREATE SUBSCRIPTION cat_subscription_with_two_phases CONNECTION 'dbname=nowhere' PUBLICATION p
                WITH (connect = false, slot_name = 'cat_slot', two_phase = true, disable_on_error = true);
        """,
        shows=r"two_phase = on.*disable_on_error = true",
        since=16,
        absent=ONLY_WITH_ALL,
    ),
    Entry(
        name="subscription_since_16",
        create="""
            CREATE SUBSCRIPTION cat_subscription_since_16 CONNECTION '' PUBLICATION p WITH (connect = false,
                streaming = parallel, password_required = false, run_as_owner = true, origin = none);
            CREATE SUBSCRIPTION cat_subscription_since_16_off CONNECTION '' PUBLICATION p
                WITH (connect = false, streaming = off);
        """,
        shows=r"streaming = parallel.*password_required = false.*run_as_owner = true.*origin = none|since_16_off",
        since=16,
        absent=ONLY_WITH_ALL,
    ),
    Entry(
        name="subscription_since_17",
        create="""
            CREATE SUBSCRIPTION cat_subscription_since_17 CONNECTION '' PUBLICATION p
                WITH (connect = false, failover = true);
        """,
        shows=r"failover = true",
        since=17,
        absent=ONLY_WITH_ALL,
    ),
    Entry(
        name="event_trigger",
        create="""
            CREATE SCHEMA cat_event_trigger;
            CREATE FUNCTION cat_event_trigger."no""thing"() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
            CREATE EVENT TRIGGER "cat_event_trigger tag'ged
" ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE') EXECUTE FUNCTION cat_event_trigger."no""thing"();
            CREATE EVENT TRIGGER cat_event_trigger_drop ON sql_drop EXECUTE FUNCTION cat_event_trigger."no""thing"();
            CREATE EVENT TRIGGER cat_event_trigger_start ON ddl_command_start
                EXECUTE FUNCTION cat_event_trigger."no""thing"();
            CREATE EVENT TRIGGER cat_event_trigger_rewrite ON table_rewrite
                EXECUTE FUNCTION cat_event_trigger."no""thing"();
            ALTER EVENT TRIGGER cat_event_trigger_drop ENABLE ALWAYS;
            ALTER EVENT TRIGGER cat_event_trigger_start DISABLE;
            ALTER EVENT TRIGGER cat_event_trigger_rewrite ENABLE REPLICA;
            COMMENT ON EVENT TRIGGER cat_event_trigger_drop IS 'an event trigger';
        """,
        shows=r"(CREATE|ALTER|COMMENT ON) EVENT TRIGGER \"?cat_event_trigger",
        absent=ONLY_WITH_ALL,
    ),
    Entry(
        name="event_trigger_that_writes",
        create="""
            CREATE SCHEMA cat_event_trigger_that_writes;
            CREATE TABLE cat_event_trigger_that_writes.log (tag text);
            CREATE FUNCTION cat_event_trigger_that_writes.write() RETURNS event_trigger LANGUAGE plpgsql
                AS $$BEGIN INSERT INTO cat_event_trigger_that_writes.log VALUES (tg_tag); END$$;
            CREATE EVENT TRIGGER cat_event_trigger_that_writes ON ddl_command_end WHEN TAG IN ('COMMENT', 'GRANT')
                EXECUTE FUNCTION cat_event_trigger_that_writes.write();
            COMMENT ON TABLE cat_event_trigger_that_writes.log IS 'one row from this comment';
            ALTER EVENT TRIGGER cat_event_trigger_that_writes DISABLE;
        """,
        shows=r"CREATE EVENT TRIGGER cat_event_trigger_that_writes",
        absent=ONLY_WITH_ALL,
    ),
    Entry(
        name="event_trigger_with_owner",
        create="""
            CREATE SCHEMA cat_event_trigger_with_owner;
            CREATE ROLE cat_event_trigger_with_owner SUPERUSER;
            CREATE FUNCTION cat_event_trigger_with_owner.f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
            CREATE EVENT TRIGGER cat_event_trigger_with_owner ON sql_drop
                EXECUTE FUNCTION cat_event_trigger_with_owner.f();
            ALTER EVENT TRIGGER cat_event_trigger_with_owner OWNER TO cat_event_trigger_with_owner;
        """,
        shows=r"ALTER EVENT TRIGGER cat_event_trigger_with_owner OWNER TO cat_event_trigger_with_owner",
        absent=ONLY_WITH_ALL | ONLY_WITH_OWNERS,
    ),
    Entry(
        name="event_trigger_on_login",
        create="""
            CREATE SCHEMA cat_event_trigger_on_login;
            CREATE FUNCTION cat_event_trigger_on_login.f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
            CREATE EVENT TRIGGER cat_event_trigger_on_login ON login EXECUTE FUNCTION cat_event_trigger_on_login.f();
        """,
        shows=r"CREATE EVENT TRIGGER cat_event_trigger_on_login ON login",
        since=17,
        absent=ONLY_WITH_ALL,
    ),
]
