-- Text search, foreign data, rules, replication, event triggers, default privileges; odd names in all of them.
CREATE SCHEMA app;
CREATE SCHEMA "Od""d 'na me'
line äöü€";
CREATE TABLE app.book (id integer PRIMARY KEY, title text, price numeric, hidden text);
CREATE TABLE "Od""d 'na me'
line äöü€"."Od""d 'na me'
line äöü€" (id integer PRIMARY KEY, "Od""d 'na me'
line äöü€" text);
CREATE TABLE app.log (at timestamptz DEFAULT now(), what text);
INSERT INTO app.book VALUES (1, 'one', 1, 'h');

CREATE TEXT SEARCH PARSER "Od""d 'na me'
line äöü€"."Od""d 'na me'
line äöü€" (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, headline = prsd_headline, lextypes = prsd_lextype);
CREATE TEXT SEARCH PARSER app.bare (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, lextypes = prsd_lextype);
CREATE TEXT SEARCH TEMPLATE "Od""d 'na me'
line äöü€"."Od""d 'na me'
line äöü€" (init = dsimple_init, lexize = dsimple_lexize);
CREATE TEXT SEARCH TEMPLATE app."select" (lexize = dsimple_lexize);
CREATE TEXT SEARCH DICTIONARY "Od""d 'na me'
line äöü€"."Od""d 'na me'
line äöü€" (template = "Od""d 'na me'
line äöü€"."Od""d 'na me'
line äöü€", stopwords = 'english', accept = false);
CREATE TEXT SEARCH DICTIONARY app.plain (template = app."select");
CREATE TEXT SEARCH DICTIONARY app."éééééééééééééééééééééééééééééééx" (template = snowball, language = 'german', stopwords = 'german');
CREATE TEXT SEARCH CONFIGURATION app."select" (parser = "Od""d 'na me'
line äöü€"."Od""d 'na me'
line äöü€");
ALTER TEXT SEARCH CONFIGURATION app."select" ADD MAPPING FOR asciiword, word WITH app."éééééééééééééééééééééééééééééééx", "Od""d 'na me'
line äöü€"."Od""d 'na me'
line äöü€", pg_catalog.simple;
ALTER TEXT SEARCH CONFIGURATION app."select" ADD MAPPING FOR email WITH "Od""d 'na me'
line äöü€"."Od""d 'na me'
line äöü€";
CREATE TEXT SEARCH CONFIGURATION "Od""d 'na me'
line äöü€"."Od""d 'na me'
line äöü€" (copy = pg_catalog.english);
CREATE TEXT SEARCH CONFIGURATION app.unmapped (parser = app.bare);
CREATE INDEX searched ON app.book USING gin (to_tsvector('app."select"', title));
COMMENT ON TEXT SEARCH PARSER "Od""d 'na me'
line äöü€"."Od""d 'na me'
line äöü€" IS 'a parser';
COMMENT ON TEXT SEARCH TEMPLATE "Od""d 'na me'
line äöü€"."Od""d 'na me'
line äöü€" IS 'a template';
COMMENT ON TEXT SEARCH DICTIONARY "Od""d 'na me'
line äöü€"."Od""d 'na me'
line äöü€" IS 'a dictionary';
COMMENT ON TEXT SEARCH CONFIGURATION "Od""d 'na me'
line äöü€"."Od""d 'na me'
line äöü€" IS 'a configuration';
ALTER TEXT SEARCH DICTIONARY "Od""d 'na me'
line äöü€"."Od""d 'na me'
line äöü€" OWNER TO boss;
ALTER TEXT SEARCH CONFIGURATION "Od""d 'na me'
line äöü€"."Od""d 'na me'
line äöü€" OWNER TO boss;

CREATE EXTENSION postgres_fdw WITH SCHEMA public;
CREATE FOREIGN DATA WRAPPER "Od""d 'na me'
line äöü€" OPTIONS ("Od""d 'na me'
line äöü€" 'it''s a \ value', "select" '');
CREATE FOREIGN DATA WRAPPER pg_bare NO HANDLER NO VALIDATOR;
CREATE FUNCTION app.valid(text[], oid) RETURNS void LANGUAGE sql AS 'SELECT NULL::void';
DROP FUNCTION app.valid(text[], oid);
CREATE FOREIGN DATA WRAPPER "éééééééééééééééééééééééééééééééx" HANDLER public.postgres_fdw_handler VALIDATOR public.postgres_fdw_validator;
CREATE SERVER "Od""d 'na me'
line äöü€" TYPE 'it''s' VERSION '1\2' FOREIGN DATA WRAPPER "Od""d 'na me'
line äöü€" OPTIONS (host 'nowhere', "Od""d 'na me'
line äöü€" E'a\nb');
CREATE SERVER pg_plain FOREIGN DATA WRAPPER pg_bare;
CREATE SERVER remote FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'localhost', dbname 'none', port '1');
CREATE USER MAPPING FOR PUBLIC SERVER "Od""d 'na me'
line äöü€" OPTIONS (user 'u', password E'p\'w\\d');
CREATE USER MAPPING FOR "wri'ter" SERVER "Od""d 'na me'
line äöü€";
CREATE USER MAPPING FOR boss SERVER remote OPTIONS (user 'boss', password 'secret');
CREATE FOREIGN TABLE app.far (id integer OPTIONS (column_name 'i''d') NOT NULL, name text OPTIONS (column_name E'n\na') COLLATE "C" DEFAULT 'x',
    CONSTRAINT positive CHECK (id > 0)) SERVER remote OPTIONS (schema_name 'pub lic', table_name 'ta''ble');
CREATE FOREIGN TABLE app."Od""d 'na me'
line äöü€" ("Od""d 'na me'
line äöü€" integer OPTIONS ("Od""d 'na me'
line äöü€" 'v')) SERVER "Od""d 'na me'
line äöü€" OPTIONS ("Od""d 'na me'
line äöü€" 'w');
CREATE FOREIGN TABLE app.none () SERVER pg_plain;
ALTER FOREIGN TABLE app.far ALTER COLUMN id SET STATISTICS 7;
ALTER FOREIGN TABLE app.far ALTER COLUMN name SET (n_distinct = 5);
CREATE FOREIGN TABLE app.computed (id integer, twice integer GENERATED ALWAYS AS (id * 2) STORED) SERVER remote;
CREATE TABLE app.parent (id integer NOT NULL, at date);
CREATE FOREIGN TABLE app.heir (more text) INHERITS (app.parent) SERVER remote;
ALTER FOREIGN TABLE app.heir ALTER COLUMN at OPTIONS (column_name 'moment');
CREATE TABLE app.parted (id integer, at date) PARTITION BY RANGE (at);
CREATE TABLE app.near PARTITION OF app.parted FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE FOREIGN TABLE app.cold PARTITION OF app.parted FOR VALUES FROM ('2020-01-01') TO ('2025-01-01') SERVER remote OPTIONS (table_name 'cold');
CREATE VIEW app.seen AS SELECT id FROM app.far;
CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touch BEFORE INSERT ON app.far FOR EACH ROW EXECUTE FUNCTION app.touch();
COMMENT ON FOREIGN DATA WRAPPER "Od""d 'na me'
line äöü€" IS 'a wrapper';
COMMENT ON FOREIGN DATA WRAPPER pg_bare IS 'named like one of the server''s';
COMMENT ON SERVER "Od""d 'na me'
line äöü€" IS 'a server';
COMMENT ON FOREIGN TABLE app.far IS 'far away';
COMMENT ON COLUMN app.far.name IS 'a far column';
ALTER SERVER "Od""d 'na me'
line äöü€" OWNER TO boss;
ALTER FOREIGN TABLE app.far OWNER TO boss;
GRANT USAGE ON FOREIGN DATA WRAPPER "Od""d 'na me'
line äöü€" TO boss WITH GRANT OPTION;
GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO reader;
GRANT USAGE ON FOREIGN SERVER "Od""d 'na me'
line äöü€" TO reader;
GRANT SELECT ON app.far TO reader;
GRANT UPDATE (name) ON app.far TO "wri'ter";

CREATE RULE "Od""d 'na me'
line äöü€" AS ON UPDATE TO "Od""d 'na me'
line äöü€"."Od""d 'na me'
line äöü€" WHERE NEW."Od""d 'na me'
line äöü€" <> OLD."Od""d 'na me'
line äöü€" DO ALSO INSERT INTO app.log (what) VALUES ('it''s \');
CREATE RULE "select" AS ON DELETE TO app.book DO INSTEAD NOTHING;
CREATE RULE two AS ON INSERT TO app.book DO ALSO (INSERT INTO app.log (what) VALUES ('a'); NOTIFY changed);
CREATE VIEW app.titles AS SELECT id, title FROM app.book;
CREATE RULE insert AS ON INSERT TO app.titles DO INSTEAD INSERT INTO app.book (id, title) VALUES (NEW.id, NEW.title) RETURNING id, title;
CREATE RULE "éééééééééééééééééééééééééééééééx" AS ON UPDATE TO app.titles DO INSTEAD UPDATE app.book SET title = NEW.title WHERE id = OLD.id;
ALTER TABLE app.book DISABLE RULE "select";
ALTER TABLE app.book ENABLE ALWAYS RULE two;
COMMENT ON RULE "Od""d 'na me'
line äöü€" ON "Od""d 'na me'
line äöü€"."Od""d 'na me'
line äöü€" IS 'a rule';
CREATE RULE "re plica" AS ON INSERT TO app.log DO ALSO NOTHING;
ALTER TABLE app.log ENABLE REPLICA RULE "re plica";
COMMENT ON RULE insert ON app.titles IS 'a rule of a view';

CREATE PUBLICATION "Od""d 'na me'
line äöü€" FOR TABLE "Od""d 'na me'
line äöü€"."Od""d 'na me'
line äöü€", app.book WITH (publish = 'insert, truncate');
CREATE PUBLICATION pg_everything FOR ALL TABLES WITH (publish = '', publish_via_partition_root = true);
CREATE PUBLICATION "éééééééééééééééééééééééééééééééx" FOR TABLE ONLY app.parent, app.parted;
CREATE PUBLICATION "select";
COMMENT ON PUBLICATION pg_everything IS 'all of it';
ALTER PUBLICATION "Od""d 'na me'
line äöü€" OWNER TO boss;

CREATE SUBSCRIPTION "Od""d 'na me'
line äöü€" CONNECTION 'host=nowhere dbname=none password=it''s\' PUBLICATION "Od""d 'na me'
line äöü€", "select" WITH (connect = false);
CREATE SUBSCRIPTION "select" CONNECTION '' PUBLICATION p WITH (connect = false, slot_name = NONE, binary = true, streaming = true, synchronous_commit = 'remote_apply');
COMMENT ON SUBSCRIPTION "Od""d 'na me'
line äöü€" IS 'a subscription';

CREATE FUNCTION "Od""d 'na me'
line äöü€"."Od""d 'na me'
line äöü€"() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO app.log (what) VALUES (tg_tag); END$$;
CREATE FUNCTION app.dropped() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO app.log (what) VALUES (tg_tag); END$$;
CREATE EVENT TRIGGER "Od""d 'na me'
line äöü€" ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE') EXECUTE FUNCTION "Od""d 'na me'
line äöü€"."Od""d 'na me'
line äöü€"();
CREATE EVENT TRIGGER "éééééééééééééééééééééééééééééééx" ON sql_drop EXECUTE FUNCTION app.dropped();
CREATE EVENT TRIGGER "select" ON ddl_command_start EXECUTE FUNCTION app.dropped();
CREATE EVENT TRIGGER rewritten ON table_rewrite EXECUTE FUNCTION app.dropped();
CREATE EVENT TRIGGER every ON ddl_command_end EXECUTE FUNCTION app.dropped();
ALTER EVENT TRIGGER "Od""d 'na me'
line äöü€" ENABLE ALWAYS;
ALTER EVENT TRIGGER "select" DISABLE;
ALTER EVENT TRIGGER rewritten ENABLE REPLICA;
COMMENT ON EVENT TRIGGER "Od""d 'na me'
line äöü€" IS 'an event trigger';
ALTER EVENT TRIGGER rewritten OWNER TO chief;

ALTER DEFAULT PRIVILEGES FOR ROLE boss GRANT SELECT ON TABLES TO reader;
ALTER DEFAULT PRIVILEGES FOR ROLE boss GRANT INSERT, UPDATE ON TABLES TO reader WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES FOR ROLE boss REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE boss REVOKE USAGE ON TYPES FROM PUBLIC, boss;
ALTER DEFAULT PRIVILEGES FOR ROLE boss GRANT USAGE ON SCHEMAS TO PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE boss IN SCHEMA "Od""d 'na me'
line äöü€" GRANT ALL ON SEQUENCES TO "wri'ter", PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE "wri'ter" IN SCHEMA app GRANT EXECUTE ON FUNCTIONS TO "$holdfast$";
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO reader;
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO "wri'ter";
ALTER DEFAULT PRIVILEGES REVOKE TRUNCATE, INSERT ON TABLES FROM postgres;
