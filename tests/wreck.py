"""What somebody does to a database by mistake, for each engine."""

# Rows gone and changed, tables dropped, changed and added.
WRECK = {
    "sqlite": """
        DELETE FROM catalog_document;
        UPDATE catalog_numberfields SET id = id + 100000;
        DROP TABLE catalog_moment;
        DROP TABLE "100% sure";
        CREATE TABLE intruder (id integer PRIMARY KEY, body text);
        INSERT INTO intruder VALUES (1, 'came after the backup');
        CREATE INDEX intruder_body ON intruder (body);
        CREATE VIEW spy AS SELECT * FROM intruder;
        ALTER TABLE catalog_sprint ADD COLUMN late text;
        INSERT INTO catalog_textkey (code, label) VALUES ('new', 'row');
    """,
    "postgresql": """
        DELETE FROM catalog_document;
        UPDATE catalog_numberfields SET id = id + 100000;
        DROP TABLE catalog_moment;
        DROP TABLE "100% sure" CASCADE;
        CREATE TABLE intruder (id serial PRIMARY KEY, body text UNIQUE);
        INSERT INTO intruder (body) VALUES ('came after the backup');
        CREATE VIEW spy AS SELECT * FROM intruder;
        CREATE SCHEMA invaded CREATE TABLE intruder (id integer REFERENCES public.intruder (id));
        CREATE TYPE invaded.colour AS ENUM ('red');
        CREATE FUNCTION invaded.one() RETURNS integer LANGUAGE sql AS 'SELECT 1';
        ALTER TABLE catalog_sprint ADD COLUMN late text;
        INSERT INTO catalog_textkey (code, label) VALUES ('new', 'row');
        DROP VIEW happy_count CASCADE;
        DROP FUNCTION moods();
        ALTER TYPE mood ADD VALUE 'angry';
        SELECT setval('ticket_number', 50000);
        SELECT lo_unlink(424201);
        SELECT lo_from_bytea(55555, 'intruder');
    """,
    "second": "DELETE FROM catalog_auditrecord; CREATE TABLE intruder (id integer)",
}
