-- Tables that refer to each other crosswise and in circles, so that statements over them want each other's locks.
DO $$
DECLARE other integer;
BEGIN
    FOR n IN 0..19 LOOP
        EXECUTE format('CREATE TABLE public.knot_%s (id integer PRIMARY KEY, code text NOT NULL UNIQUE, '
                       'one integer, two integer, three integer, own integer, at date NOT NULL)', n);
        EXECUTE format('INSERT INTO public.knot_%s SELECT i, ''code '' || i, i, 301 - i, 1 + i %% 300, i, date ''2026-01-01'' + i '
                       'FROM generate_series(1, 300) i', n);
        EXECUTE format('CREATE INDEX ON public.knot_%s (at)', n);
        EXECUTE format('CREATE INDEX knot_%s_lower ON public.knot_%s (lower(code), one)', n, n);
        EXECUTE format('CREATE UNIQUE INDEX knot_%s_pair ON public.knot_%s (id, code)', n, n);
        -- What is said about an index wants a stronger lock than its building.
        EXECUTE format('ALTER TABLE public.knot_%s CLUSTER ON knot_%s_lower', n, n);
        EXECUTE format('ALTER TABLE public.knot_%s REPLICA IDENTITY USING INDEX knot_%s_pair', n, n);
        EXECUTE format('ALTER INDEX public.knot_%s_lower ALTER COLUMN 1 SET STATISTICS 50', n);
        EXECUTE format('CREATE STATISTICS public.knot_%s_both ON one, two FROM public.knot_%s', n, n);
    END LOOP;
    FOR n IN 0..19 LOOP
        FOR step IN 1..3 LOOP
            other := (n * step + 7 * step + 1) % 20;
            EXECUTE format('ALTER TABLE public.knot_%s ADD CONSTRAINT to_%s FOREIGN KEY (%I) REFERENCES public.knot_%s '
                           'DEFERRABLE INITIALLY DEFERRED',
                           n, step, (ARRAY['one', 'two', 'three'])[step], other);
        END LOOP;
        EXECUTE format('ALTER TABLE public.knot_%s ADD CONSTRAINT to_own FOREIGN KEY (own) REFERENCES public.knot_%s', n, n);
    END LOOP;
END $$;

CREATE TABLE public.event (id integer NOT NULL, at date NOT NULL, knot integer REFERENCES public.knot_0, note text) PARTITION BY RANGE (at);
CREATE TABLE public.event_1 PARTITION OF public.event FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE public.event_2 PARTITION OF public.event FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
CREATE TABLE public.event_3 PARTITION OF public.event FOR VALUES FROM ('2026-03-01') TO ('2027-01-01') PARTITION BY LIST (knot);
CREATE TABLE public.event_3_odd PARTITION OF public.event_3 FOR VALUES IN (1, 3, 5);
CREATE TABLE public.event_3_rest PARTITION OF public.event_3 DEFAULT;
INSERT INTO public.event SELECT i, date '2026-01-01' + i % 300, 1 + i % 300, 'event ' || i FROM generate_series(1, 2000) i;
ALTER TABLE public.event ADD PRIMARY KEY (id, at, knot);
CREATE INDEX event_note ON public.event (note);
CREATE INDEX event_1_alone ON public.event_1 (knot);
ALTER TABLE public.event_2 ADD CONSTRAINT event_2_knot FOREIGN KEY (knot) REFERENCES public.knot_1;

CREATE TABLE public.visit (id integer PRIMARY KEY, event integer, at date, knot integer,
    FOREIGN KEY (event, at, knot) REFERENCES public.event);
INSERT INTO public.visit SELECT id, id, at, knot FROM public.event;
CREATE TABLE public.log (id integer, event integer, at date, knot integer, FOREIGN KEY (event, at, knot) REFERENCES public.event) PARTITION BY HASH (id);
CREATE TABLE public.log_0 PARTITION OF public.log FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE public.log_1 PARTITION OF public.log FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO public.log SELECT id, id, at, knot FROM public.event;
CREATE INDEX ON public.log (at);

CREATE TABLE public.thing (id integer PRIMARY KEY, size integer CHECK (size > 0));
CREATE TABLE public.special (extra text) INHERITS (public.thing);
ALTER TABLE public.special ADD PRIMARY KEY (id);
CREATE INDEX ON public.thing (size);
CREATE INDEX ON public.special (size);
INSERT INTO public.thing SELECT i, i FROM generate_series(1, 50) i;
INSERT INTO public.special SELECT i, i, 'extra ' || i FROM generate_series(51, 99) i;

-- Needs a primary key, which is made over rows; and is filled from what is.
CREATE VIEW public.by_key AS SELECT knot_0.id, knot_0.code, count(*) FROM public.knot_0 JOIN public.event ON event.knot = knot_0.id GROUP BY knot_0.id;
CREATE MATERIALIZED VIEW public.counted AS SELECT * FROM public.by_key;
CREATE UNIQUE INDEX ON public.counted (id);
CREATE FUNCTION public.told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
CREATE TRIGGER told BEFORE INSERT ON public.knot_3 FOR EACH ROW EXECUTE FUNCTION public.told();
CREATE TRIGGER told AFTER INSERT ON public.event FOR EACH ROW EXECUTE FUNCTION public.told();
ALTER TABLE public.knot_4 ENABLE ROW LEVEL SECURITY;
CREATE POLICY chosen ON public.knot_4 USING (id IN (SELECT id FROM public.knot_5));
COMMENT ON INDEX public.event_note IS 'of the notes';
COMMENT ON CONSTRAINT to_own ON public.knot_2 IS 'itself';

-- Far more rows than all others, so that several connections load it.
CREATE TABLE public.long (id integer PRIMARY KEY, body text);
INSERT INTO public.long SELECT i, repeat(md5(i::text), 40) FROM generate_series(1, 24000) i;
CREATE INDEX long_start ON public.long (left(body, 10));
