"""Rules of tables and views."""

from tests.catalogue.entry import Entry

ENTRIES: list[Entry] = [
    Entry(
        name="rules",
        create="""
            CREATE SCHEMA cat_rules;
            SET search_path = cat_rules;
            CREATE TABLE t (id integer PRIMARY KEY, title text, "od""d" text);
            CREATE TABLE log (what text);
            CREATE RULE "ru""le
'with' a name" AS ON UPDATE TO t WHERE NEW."od""d" <> OLD."od""d"
                DO ALSO INSERT INTO log VALUES ('it''s \\');
            CREATE RULE "select" AS ON DELETE TO t DO INSTEAD NOTHING;
            CREATE RULE two AS ON INSERT TO t DO ALSO (INSERT INTO log VALUES ('a'); NOTIFY cat_rules);
            INSERT INTO t VALUES (1, 'a', 'b');
            COMMENT ON RULE two ON t IS 'a rule';
        """,
        shows=r"CREATE RULE (\"ru\"\"le|\"select\"|two AS)|COMMENT ON RULE two ON cat_rules\.t",
    ),
    Entry(
        name="rule_of_a_table_alone",
        create="""
            CREATE SCHEMA cat_rule_of_a_table_alone;
            CREATE TABLE cat_rule_of_a_table_alone.t (id integer);
            INSERT INTO cat_rule_of_a_table_alone.t VALUES (1);
            CREATE RULE protect AS ON DELETE TO cat_rule_of_a_table_alone.t DO INSTEAD NOTHING;
            COMMENT ON RULE protect ON cat_rule_of_a_table_alone.t IS 'nothing is deleted';
        """,
        shows=r"(COMMENT ON|CREATE) RULE protect",
        table="cat_rule_of_a_table_alone.t",
    ),
    Entry(
        name="rule_states",
        create="""
            CREATE SCHEMA cat_rule_states;
            SET search_path = cat_rule_states;
            CREATE TABLE t (id integer);
            CREATE RULE off AS ON DELETE TO t DO INSTEAD NOTHING;
            CREATE RULE always AS ON UPDATE TO t DO INSTEAD NOTHING;
            CREATE RULE "repli ca" AS ON INSERT TO t WHERE NEW.id > 5 DO INSTEAD NOTHING;
            ALTER TABLE t DISABLE RULE off;
            ALTER TABLE t ENABLE ALWAYS RULE always;
            ALTER TABLE t ENABLE REPLICA RULE "repli ca";
        """,
        shows=r"ALTER TABLE cat_rule_states\.t (DISABLE|ENABLE ALWAYS|ENABLE REPLICA) RULE",
        table="cat_rule_states.t",
    ),
    Entry(
        name="rules_of_views",
        create="""
            CREATE SCHEMA cat_rules_of_views;
            SET search_path = cat_rules_of_views;
            CREATE TABLE t (id integer PRIMARY KEY, title text);
            CREATE VIEW v AS SELECT id, title FROM t;
            CREATE RULE "insert" AS ON INSERT TO v DO INSTEAD
                INSERT INTO t VALUES (NEW.id, NEW.title) RETURNING id, title;
            CREATE RULE "ééééééééééééééééééééééééééééééé" AS ON UPDATE TO v DO INSTEAD
                UPDATE t SET title = NEW.title WHERE id = OLD.id;
            CREATE RULE gone AS ON DELETE TO v WHERE OLD.id > 7 DO INSTEAD DELETE FROM t WHERE id = OLD.id;
            CREATE RULE gone_otherwise AS ON DELETE TO v DO INSTEAD NOTHING;
            INSERT INTO v VALUES (1, 'through the view');
        """,
        shows=r"ON (INSERT|UPDATE|DELETE) TO cat_rules_of_views\.v",
    ),
]
