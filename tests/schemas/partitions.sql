-- Measurements in more than a thousand partitions on three levels: by month, by region, by a hash of the sensor.
CREATE SCHEMA measured;
SET search_path = measured;
CREATE TABLE region (code text PRIMARY KEY, name text);
INSERT INTO region VALUES ('north', 'North'), ('south', 'South'), ('east', 'East'), ('west', 'West');
CREATE TABLE reading (
    id bigint NOT NULL,
    at timestamptz NOT NULL,
    region text NOT NULL REFERENCES region,
    sensor integer NOT NULL,
    value double precision,
    note text,
    CONSTRAINT sane CHECK (value > -1000),
    PRIMARY KEY (id, at, region, sensor)
) PARTITION BY RANGE (at);
CREATE INDEX reading_sensor ON reading (sensor, at DESC);
DO $do$
DECLARE
    month date;
    part text;
    place text;
BEGIN
    FOR number IN 0..47 LOOP
        month := date '2023-01-01' + make_interval(months => number);
        part := 'reading_' || to_char(month, 'YYYY_MM');
        EXECUTE format('CREATE TABLE measured.%I PARTITION OF measured.reading FOR VALUES FROM (%L) TO (%L) PARTITION BY LIST (region)',
            part, month, month + interval '1 month');
        FOREACH place IN ARRAY ARRAY['north', 'south', 'east'] LOOP
            EXECUTE format('CREATE TABLE measured.%I PARTITION OF measured.%I FOR VALUES IN (%L) PARTITION BY HASH (sensor)',
                part || '_' || place, part, place);
            FOR remainder IN 0..5 LOOP
                EXECUTE format('CREATE TABLE measured.%I PARTITION OF measured.%I FOR VALUES WITH (MODULUS 6, REMAINDER %s)',
                    part || '_' || place || '_' || remainder, part || '_' || place, remainder);
            END LOOP;
        END LOOP;
        EXECUTE format('CREATE TABLE measured.%I PARTITION OF measured.%I DEFAULT', part || '_rest', part);
    END LOOP;
END $do$;
-- One that came from elsewhere, with its columns in another order and one dropped.
CREATE TABLE elsewhere (note text, gone integer, value double precision, sensor integer NOT NULL, region text NOT NULL, at timestamptz NOT NULL, id bigint NOT NULL);
ALTER TABLE elsewhere DROP COLUMN gone;
ALTER TABLE elsewhere ADD CONSTRAINT sane CHECK (value > -1000);
ALTER TABLE reading ATTACH PARTITION elsewhere DEFAULT;
CREATE INDEX reading_noted ON ONLY reading (note) WHERE note IS NOT NULL;
INSERT INTO reading
SELECT n, timestamptz '2023-01-01 00:00+00' + n * interval '77 minutes', (ARRAY['north', 'south', 'east', 'west'])[1 + n % 4], n * 7 % 100,
       n / 8.0, CASE WHEN n % 11 = 0 THEN E'note\t' || n END
  FROM generate_series(1, 30000) n;
