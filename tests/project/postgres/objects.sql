-- Objects of PostgreSQL that no Django model describes. Migration 0003 runs this file as it is, in one transaction.
-- Nothing here may depend on the clock or on chance: two databases made from it must be equal.

-- Types ---------------------------------------------------------------------------------------------------------------

CREATE TYPE mood AS ENUM ('sad', 'it''s ok', 'happy', '😀 very happy');
ALTER TYPE mood ADD VALUE 'indifferent' BEFORE 'happy';
COMMENT ON TYPE mood IS 'an enum with a value added in the middle';

CREATE DOMAIN positive_even AS integer
    DEFAULT 2
    CONSTRAINT positive CHECK (VALUE > 0)
    CONSTRAINT "even numbers" CHECK (VALUE % 2 = 0);
CREATE DOMAIN "Short Text" AS varchar(20) COLLATE "C" NOT NULL;
COMMENT ON DOMAIN positive_even IS 'a domain with two constraints';

CREATE TYPE address AS (street text, "House Number" integer, mood mood);
COMMENT ON COLUMN address.street IS 'a column of a composite type';

CREATE TYPE float_span AS RANGE (subtype = float8, subtype_diff = float8mi, multirange_type_name = float_spans);

-- Functions and procedures --------------------------------------------------------------------------------------------

CREATE FUNCTION double_of(value integer, factor integer DEFAULT 2) RETURNS integer
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT value * factor $$;

-- Another function of the same name, with a body in the standard's own syntax.
CREATE FUNCTION double_of(value text) RETURNS text
    LANGUAGE sql IMMUTABLE
    BEGIN ATOMIC
        SELECT value || value;
    END;
COMMENT ON FUNCTION double_of(text) IS 'overloaded';

CREATE FUNCTION nasty_body() RETURNS text
    LANGUAGE plpgsql STABLE COST 7
    SET search_path TO pg_catalog, pg_temp
    AS $_nasty_$
BEGIN
    -- $$ and $body$ and ';' and a backslash \ stand in this body.
    RETURN 'it''s $$ \ ' || $text$;$text$;
END
$_nasty_$;

CREATE FUNCTION moods() RETURNS TABLE (name mood, rank integer)
    LANGUAGE sql STABLE ROWS 5
    AS $$ SELECT m, row_number() OVER (ORDER BY m)::integer FROM unnest(enum_range(NULL::mood)) AS m $$;

CREATE PROCEDURE forget_notes(INOUT before integer)
    LANGUAGE plpgsql
    AS $$ BEGIN DELETE FROM "Second Schema".note WHERE number < before; END $$;

-- Sequences -----------------------------------------------------------------------------------------------------------

CREATE SEQUENCE ticket_number AS integer START 100 INCREMENT BY 5 MINVALUE 10 MAXVALUE 100000 CACHE 3 CYCLE;
COMMENT ON SEQUENCE ticket_number IS 'a sequence that belongs to no column';
CREATE SEQUENCE "Never Used" INCREMENT BY -1 START -7;

-- A second schema -----------------------------------------------------------------------------------------------------

CREATE SCHEMA "Second Schema";
COMMENT ON SCHEMA "Second Schema" IS 'a schema with a space';
CREATE TABLE "Second Schema".note (number integer PRIMARY KEY, text text);
-- A table of a name that the first schema has too.
CREATE TABLE "Second Schema".legacy_invoice (number integer REFERENCES public.legacy_invoice (number));

-- A table of the types above ------------------------------------------------------------------------------------------

CREATE TABLE citizen (
    id integer GENERATED ALWAYS AS IDENTITY (START WITH 1000 INCREMENT BY 10) PRIMARY KEY,
    ticket integer NOT NULL DEFAULT nextval('ticket_number'),
    mood mood NOT NULL DEFAULT 'it''s ok',
    even positive_even,
    nickname "Short Text" DEFAULT '',
    home address,
    homes address[],
    span float_span,
    spans float_spans,
    doubled integer GENERATED ALWAYS AS (double_of(1, 3)) STORED,
    money numeric,
    ratio real,
    flags bit varying(12),
    network cidr,
    machine macaddr,
    spot point,
    document xml,
    raw json,
    dropped text,
    "char" "char",
    fixed character(5),
    CONSTRAINT "no sad owners" CHECK (mood <> 'sad' OR even IS NULL)
) WITH (fillfactor = 70, autovacuum_enabled = false);
-- A dropped column leaves a hole in the numbering of the columns.
ALTER TABLE citizen DROP COLUMN dropped;
ALTER TABLE citizen ADD COLUMN late integer NOT NULL DEFAULT 42;
ALTER TABLE citizen ALTER COLUMN money SET STATISTICS 500;
ALTER TABLE citizen ALTER COLUMN nickname SET STORAGE EXTERNAL;
ALTER SEQUENCE ticket_number OWNED BY NONE;
COMMENT ON TABLE citizen IS E'a table\nwith a comment of ''two'' lines and a \\';
COMMENT ON COLUMN citizen.mood IS 'a comment on a column';
COMMENT ON CONSTRAINT "no sad owners" ON citizen IS 'a comment on a constraint';
CREATE INDEX citizen_even ON citizen USING btree (even DESC NULLS LAST) INCLUDE (late) WHERE even IS NOT NULL;
COMMENT ON INDEX citizen_even IS 'a comment on an index';
CREATE UNIQUE INDEX citizen_ticket ON citizen (ticket);
ALTER TABLE citizen REPLICA IDENTITY USING INDEX citizen_ticket;
ALTER TABLE citizen CLUSTER ON citizen_pkey;
CREATE STATISTICS citizen_statistics (dependencies) ON mood, late FROM citizen;

CREATE TABLE without_key (value text);
ALTER TABLE without_key REPLICA IDENTITY FULL;
CREATE TABLE without_columns ();
CREATE UNLOGGED TABLE unlogged (value integer);

-- A trigger whose effect shows if a restore fires it ------------------------------------------------------------------

CREATE TABLE citizen_log (citizen integer NOT NULL, action text NOT NULL);
CREATE FUNCTION log_citizen() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN INSERT INTO public.citizen_log VALUES (new.id, tg_op); RETURN new; END $$;
CREATE TRIGGER citizen_logged AFTER INSERT OR UPDATE OF mood ON citizen
    FOR EACH ROW WHEN (new.late > 0) EXECUTE FUNCTION log_citizen();
CREATE TRIGGER citizen_sleeping BEFORE DELETE ON citizen
    FOR EACH STATEMENT EXECUTE FUNCTION log_citizen('an argument', 'it''s');
ALTER TABLE citizen DISABLE TRIGGER citizen_sleeping;
COMMENT ON TRIGGER citizen_logged ON citizen IS 'a comment on a trigger';

-- Views ---------------------------------------------------------------------------------------------------------------

CREATE VIEW happy_citizen AS
    SELECT id, mood, double_of(late) AS "Twice Late" FROM citizen WHERE mood > 'it''s ok' WITH LOCAL CHECK OPTION;
COMMENT ON VIEW happy_citizen IS 'a comment on a view';
CREATE VIEW happy_count WITH (security_barrier) AS SELECT count(*) AS total FROM happy_citizen;
CREATE MATERIALIZED VIEW mood_count AS SELECT mood, count(*) AS citizens FROM citizen GROUP BY mood;
CREATE UNIQUE INDEX mood_count_key ON mood_count (mood);
-- Reads a view: it can be filled only after that.
CREATE MATERIALIZED VIEW happy_total AS SELECT total FROM happy_count;
CREATE MATERIALIZED VIEW never_filled AS SELECT id FROM citizen WITH NO DATA;

-- Partitions and inheritance ------------------------------------------------------------------------------------------

CREATE TABLE measurement (
    sensor integer NOT NULL,
    day date NOT NULL,
    value double precision,
    note text DEFAULT 'none',
    PRIMARY KEY (sensor, day)
) PARTITION BY RANGE (day);
CREATE TABLE measurement_2025 PARTITION OF measurement FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE measurement_2026 PARTITION OF measurement FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')
    PARTITION BY LIST (sensor);
CREATE TABLE measurement_2026_odd PARTITION OF measurement_2026 FOR VALUES IN (1, 3, 5, 7, 9);
CREATE TABLE measurement_2026_rest PARTITION OF measurement_2026 (note DEFAULT 'rest') DEFAULT;
CREATE TABLE measurement_other (note text DEFAULT 'other', value double precision, day date NOT NULL, sensor integer NOT NULL);
-- The columns of this partition stand in another order than those of its parent.
ALTER TABLE measurement ATTACH PARTITION measurement_other DEFAULT;
CREATE INDEX measurement_value ON measurement (value);

CREATE TABLE city (name text NOT NULL, people integer CONSTRAINT city_people CHECK (people >= 0));
CREATE TABLE capital (country text) INHERITS (city);
ALTER TABLE capital ALTER COLUMN people SET DEFAULT 7;
CREATE TABLE lonely_capital (name text NOT NULL, people integer CONSTRAINT city_people CHECK (people >= 0), mayor text);
ALTER TABLE lonely_capital INHERIT city;

-- Row security, rights, rules -----------------------------------------------------------------------------------------

DO $body$
BEGIN
    CREATE ROLE holdfast_reader NOLOGIN;
EXCEPTION
    -- Roles belong to the whole server: another test may have made it, also at this very moment.
    WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN NULL;
END
$body$;

CREATE TABLE secret (owner text NOT NULL, value text);
ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON secret AS PERMISSIVE FOR SELECT TO PUBLIC USING (owner = CURRENT_USER);
CREATE POLICY "no 'empty' values" ON secret AS RESTRICTIVE FOR INSERT TO PUBLIC WITH CHECK (value <> '');
COMMENT ON POLICY own_rows ON secret IS 'a comment on a policy';

DO $body$
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'holdfast_reader') THEN
        GRANT USAGE ON SCHEMA "Second Schema" TO holdfast_reader;
        GRANT SELECT ON city TO holdfast_reader WITH GRANT OPTION;
        GRANT SELECT (id, mood), UPDATE (mood) ON citizen TO holdfast_reader;
        GRANT USAGE ON SEQUENCE ticket_number TO holdfast_reader;
        REVOKE EXECUTE ON FUNCTION double_of(text) FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION double_of(text) TO holdfast_reader;
        ALTER DEFAULT PRIVILEGES IN SCHEMA "Second Schema" GRANT SELECT ON TABLES TO holdfast_reader;
    END IF;
END
$body$;

CREATE RULE no_capital_delete AS ON DELETE TO capital DO INSTEAD NOTHING;

-- Large objects -------------------------------------------------------------------------------------------------------

CREATE TABLE attachment (id integer PRIMARY KEY, body oid NOT NULL);
