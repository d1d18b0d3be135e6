CREATE COLLATION app.french (provider = icu, locale = 'fr-x-icu');
CREATE COLLATION app.insensitive (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE COLLATION app.plain (provider = libc, locale = 'C');
CREATE COLLATION app.mixed (provider = libc, lc_collate = 'C', lc_ctype = 'C.UTF-8');

CREATE FUNCTION app.add(a integer, b integer DEFAULT 1) RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE COST 7 AS 'SELECT a + b';
CREATE FUNCTION app.count_authors() RETURNS bigint LANGUAGE sql SET work_mem = '8MB'
    BEGIN ATOMIC SELECT count(*) FROM app.author; END;
CREATE FUNCTION app.grouped() RETURNS SETOF text LANGUAGE sql
    BEGIN ATOMIC SELECT name FROM app.author GROUP BY id; END;
CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    -- it's a \ tricky body $function$
    RETURN NEW;
END
$body$;
CREATE PROCEDURE app.rename(IN who integer, INOUT what text) LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN END';
CREATE FUNCTION "Strange ""schema"""."fun ction"(VARIADIC "x y" text[]) RETURNS TABLE (a integer, b text) LANGUAGE sql AS 'SELECT 1, ''x''';
CREATE FUNCTION app.nth(n integer) RETURNS integer LANGUAGE internal WINDOW IMMUTABLE AS 'window_row_number';

CREATE VIEW app.glad AS SELECT id, name FROM app.author WHERE mood = 'glad' WITH LOCAL CHECK OPTION;
CREATE VIEW app.barrier WITH (security_barrier) AS SELECT id, name AS "Na me" FROM app.glad WITH CASCADED CHECK OPTION;
ALTER VIEW app.glad ALTER COLUMN name SET DEFAULT 'nobody';
CREATE VIEW app.grouped_view AS SELECT id, name, count(*) AS books, 'x' COLLATE "C" AS letter
    FROM app.author GROUP BY id;
CREATE VIEW app.on_grouped AS SELECT name FROM app.grouped_view;
CREATE VIEW app.calls AS SELECT app.add(id) AS more, app.count_authors() FROM app.book;
CREATE VIEW app.empty AS SELECT;
CREATE MATERIALIZED VIEW app.z_first AS SELECT count(*) AS n FROM app.author;
CREATE VIEW app.between AS SELECT n FROM app.z_first;
CREATE MATERIALIZED VIEW app.a_second WITH (fillfactor = 70, toast.autovacuum_enabled = false) AS
    SELECT n, 'text'::text AS words FROM app.between;
ALTER MATERIALIZED VIEW app.a_second ALTER COLUMN words SET STORAGE EXTERNAL, ALTER COLUMN n SET STATISTICS 5;
ALTER MATERIALIZED VIEW app.a_second ALTER COLUMN n SET (n_distinct = 3);
CREATE MATERIALIZED VIEW app.unfilled AS SELECT 1 AS one WITH NO DATA;
CREATE MATERIALIZED VIEW app.late AS SELECT id, name FROM app.author GROUP BY id;
CREATE MATERIALIZED VIEW app.later AS SELECT name FROM app.late;
CREATE VIEW app.latest AS SELECT name FROM app.later;
CREATE MATERIALIZED VIEW app.calls_late AS SELECT app.grouped();

CREATE STATISTICS app.correlated (dependencies, ndistinct) ON author_id, title FROM app.book;
CREATE STATISTICS app.expressive ON lower(title), author_id FROM app.book;
ALTER STATISTICS app.expressive SET STATISTICS 50;

CREATE TRIGGER touch BEFORE UPDATE OF title ON app.book FOR EACH ROW WHEN (OLD.title IS DISTINCT FROM NEW.title)
    EXECUTE FUNCTION app.touch('an argument', 'it''s');
CREATE TRIGGER off AFTER INSERT ON app.book REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION app.touch();
ALTER TABLE app.book DISABLE TRIGGER off;
CREATE TRIGGER always BEFORE INSERT ON app.book FOR EACH ROW EXECUTE FUNCTION app.touch();
ALTER TABLE app.book ENABLE ALWAYS TRIGGER always;
CREATE TRIGGER replica BEFORE INSERT ON app.book FOR EACH ROW EXECUTE FUNCTION app.touch();
ALTER TABLE app.book ENABLE REPLICA TRIGGER replica;
CREATE CONSTRAINT TRIGGER checked AFTER INSERT ON app.book FROM app.author DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE TRIGGER instead INSTEAD OF INSERT ON app.grouped_view FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE TRIGGER cloned AFTER INSERT ON app.event FOR EACH ROW EXECUTE FUNCTION app.touch();
ALTER TABLE app.event_2026 DISABLE TRIGGER cloned;
CREATE TRIGGER silent AFTER INSERT ON app.event FOR EACH ROW EXECUTE FUNCTION app.touch();
ALTER TABLE app.event DISABLE TRIGGER silent;
ALTER TABLE app.event_2025 ENABLE TRIGGER silent;

ALTER TABLE app.book ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.author ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.author FORCE ROW LEVEL SECURITY;
CREATE POLICY everybody ON app.book USING (price > 1);
CREATE POLICY "Some ones" ON app.book AS RESTRICTIVE FOR UPDATE TO reader, "wri'ter" USING (true) WITH CHECK (title <> 'x\y');
CREATE POLICY add ON app.author FOR INSERT TO reader WITH CHECK (name <> '');

COMMENT ON SCHEMA app IS E'it''s a \\ schema\nwith two lines';
COMMENT ON SCHEMA public IS 'ours';
COMMENT ON EXTENSION hstore IS 'keys and values';
COMMENT ON TABLE app.book IS 'books';
COMMENT ON COLUMN app.book.title IS 'a title';
COMMENT ON CONSTRAINT titled ON app.book IS 'has a title';
COMMENT ON CONSTRAINT book_pkey ON app.book IS 'the key';
COMMENT ON CONSTRAINT "above zero" ON DOMAIN app.positive IS 'positive';
COMMENT ON DOMAIN app.positive IS 'a domain';
COMMENT ON TYPE app.mood IS 'a mood';
COMMENT ON TYPE app.pair IS 'a pair';
COMMENT ON COLUMN app.pair.one IS 'one of a pair';
COMMENT ON TYPE app.span IS 'a span';
COMMENT ON INDEX app.book_title IS 'an index';
COMMENT ON SEQUENCE app.counter IS 'a counter';
COMMENT ON VIEW app.glad IS 'the glad';
COMMENT ON COLUMN app.glad.name IS 'a glad name';
COMMENT ON MATERIALIZED VIEW app.late IS 'late';
COMMENT ON COLUMN app.late.name IS 'late name';
COMMENT ON FUNCTION app.add(integer, integer) IS 'adds';
COMMENT ON FUNCTION "Strange ""schema"""."fun ction"(text[]) IS 'strange';
COMMENT ON PROCEDURE app.rename IS 'renames';
COMMENT ON TRIGGER touch ON app.book IS 'touches';
COMMENT ON POLICY everybody ON app.book IS 'all';
COMMENT ON COLLATION app.french IS 'french';
COMMENT ON STATISTICS app.correlated IS 'correlated';
COMMENT ON TABLE "Strange ""schema"""."Ta$$ble $holdfast$" IS 'strange';
COMMENT ON COLUMN "Strange ""schema"""."Ta$$ble $holdfast$"."co'l" IS 'column';
