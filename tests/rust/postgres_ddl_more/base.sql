-- What the other half of the schema makes: tables, types, sequences.
CREATE SCHEMA app;
CREATE SCHEMA "Strange ""schema""";
CREATE EXTENSION citext WITH SCHEMA app;
CREATE EXTENSION hstore;
CREATE TYPE app.mood AS ENUM ('sad', 'glad');
CREATE DOMAIN app.positive AS integer CONSTRAINT "above zero" CHECK (VALUE > 0);
CREATE TYPE app.pair AS (one integer, two text);
CREATE TYPE app.span AS RANGE (subtype = float8);
CREATE TABLE app.author (id integer PRIMARY KEY, name text NOT NULL, mood app.mood, extra jsonb);
CREATE TABLE app.book (id serial PRIMARY KEY, author_id integer REFERENCES app.author, title text,
    price app.positive, CONSTRAINT titled CHECK (title <> ''));
CREATE INDEX book_title ON app.book (title);
CREATE TABLE app.event (id bigint GENERATED ALWAYS AS IDENTITY, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE app.event_2025 PARTITION OF app.event FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE app.event_2026 PARTITION OF app.event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE "Strange ""schema"""."Ta$$ble $holdfast$" ("co'l" integer, "back\slash" text);
CREATE SEQUENCE app.counter;
CREATE FUNCTION app.needed_by_default() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
DROP FUNCTION app.needed_by_default();
