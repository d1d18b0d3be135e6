"""Triggers of tables and views, and when they fire."""

from tests.catalogue.entry import Entry

ENTRIES: list[Entry] = [
    Entry(
        name="triggers",
        create="""
            CREATE SCHEMA cat_triggers;
            SET search_path = cat_triggers;
            CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
            CREATE TABLE t (a integer, b text);
            CREATE TABLE other (a integer);
            CREATE TRIGGER usual BEFORE INSERT OR UPDATE OF b OR DELETE ON t FOR EACH ROW WHEN (pg_trigger_depth() < 2)
                EXECUTE FUNCTION f('it''s', E'\\\\ \\n');
            CREATE TRIGGER emptied AFTER TRUNCATE ON t EXECUTE FUNCTION f();
            CREATE TRIGGER "off" AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
            CREATE TRIGGER "always" AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
            CREATE TRIGGER "replica" AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
            ALTER TABLE t DISABLE TRIGGER "off", ENABLE ALWAYS TRIGGER "always", ENABLE REPLICA TRIGGER "replica";
            CREATE TRIGGER compared AFTER UPDATE ON t REFERENCING OLD TABLE AS old_rows NEW TABLE AS "new rows"
                FOR EACH STATEMENT EXECUTE FUNCTION f();
            CREATE CONSTRAINT TRIGGER checked AFTER INSERT ON t FROM other DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW WHEN (NEW.a > 0) EXECUTE FUNCTION f();
            CREATE CONSTRAINT TRIGGER at_once AFTER DELETE ON t FOR EACH ROW EXECUTE FUNCTION f();
            COMMENT ON TRIGGER checked ON t IS 'checked';
            CREATE VIEW v AS SELECT * FROM t;
            CREATE TRIGGER instead INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION f();
            INSERT INTO t VALUES (1, 'x');
        """,
        shows=r"ALTER TABLE cat_triggers\.t ENABLE REPLICA TRIGGER replica;",
    ),
]
