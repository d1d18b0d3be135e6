-- Objects that need each other, or themselves.
SET search_path = public;

CREATE DOMAIN number AS integer;
CREATE FUNCTION usual(number) RETURNS integer LANGUAGE sql AS 'SELECT 1';
ALTER DOMAIN number SET DEFAULT usual(NULL);
CREATE TABLE numbers (number number, twice number DEFAULT usual(2));

CREATE DOMAIN picky AS integer;
CREATE FUNCTION pick(picky) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN true; END';
ALTER DOMAIN picky ADD CONSTRAINT picked CHECK (pick(VALUE));

CREATE TYPE base;
CREATE FUNCTION base_in(cstring) RETURNS base IMMUTABLE STRICT LANGUAGE internal AS 'textin';
CREATE FUNCTION base_out(base) RETURNS cstring IMMUTABLE STRICT LANGUAGE internal AS 'textout';
CREATE TYPE base (input = base_in, output = base_out, like = text);
CREATE TABLE bases (base base, "bases" base[]);

CREATE TYPE span;
CREATE FUNCTION span_canonical(span) RETURNS span IMMUTABLE STRICT LANGUAGE internal AS 'int4range_canonical';
CREATE TYPE span AS RANGE (subtype = integer, canonical = span_canonical);
CREATE TABLE spans (span span, spans span_multirange);

CREATE VIEW hen AS SELECT 1 AS id, 'brown'::varchar(10) COLLATE "C" AS color, NULL::span AS span;
CREATE VIEW egg AS SELECT id, color FROM hen;
CREATE OR REPLACE VIEW hen WITH (security_barrier) AS
    SELECT egg.id, egg.color, NULL::span AS span, 2 AS "Ro""w" FROM (SELECT 1 AS id, 'brown'::varchar(10) COLLATE "C" AS color) egg
     WHERE egg.id NOT IN (SELECT count(*) + 1 FROM egg WHERE false);
COMMENT ON VIEW hen IS 'came first';

CREATE VIEW itself AS SELECT 1 AS id;
CREATE FUNCTION of_itself(itself) RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN $1.id; END';
CREATE OR REPLACE VIEW itself AS SELECT 1 AS id, of_itself(NULL) AS more;

CREATE FUNCTION factorial(n integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE OR REPLACE FUNCTION factorial(n integer) RETURNS integer LANGUAGE sql IMMUTABLE
    BEGIN ATOMIC SELECT CASE WHEN n <= 1 THEN 1 ELSE n * factorial(n - 1) END; END;
CREATE FUNCTION even(n integer) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION odd(n integer) RETURNS boolean LANGUAGE sql RETURN n <> 0 AND even(n - 1);
CREATE OR REPLACE FUNCTION even(n integer) RETURNS boolean LANGUAGE sql RETURN n = 0 OR odd(n - 1);

CREATE FUNCTION filled() RETURNS SETOF integer LANGUAGE sql AS 'SELECT 1';
CREATE MATERIALIZED VIEW kept AS SELECT filled();
CREATE OR REPLACE FUNCTION filled() RETURNS SETOF integer LANGUAGE sql BEGIN ATOMIC SELECT filled FROM kept WHERE false; END;

CREATE TABLE item (id integer PRIMARY KEY, name text);
CREATE FUNCTION item_default() RETURNS integer LANGUAGE sql AS 'SELECT 1';
ALTER TABLE item ALTER COLUMN id SET DEFAULT item_default(), ADD CHECK (item_default() > 0);
CREATE OR REPLACE FUNCTION item_default() RETURNS integer LANGUAGE sql
    BEGIN ATOMIC SELECT count(*) + 1 FROM (SELECT name FROM item GROUP BY id) grouped; END;
