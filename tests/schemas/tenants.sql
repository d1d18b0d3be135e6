-- One schema for each of 200 tenants, ten tables in each, as django-tenants makes them; the tables of one refer to each other and to the shared schema.
CREATE TABLE public.tenant (id integer PRIMARY KEY, schema_name name UNIQUE NOT NULL, paid_until date);
CREATE TYPE public.plan AS ENUM ('free', 'paid');
INSERT INTO public.tenant SELECT n, 'tenant_' || to_char(n, 'FM000'), date '2026-01-01' + n FROM generate_series(1, 200) n;
DO $do$
DECLARE
    target text;
    number integer;
BEGIN
    FOR number, target IN SELECT id, schema_name FROM public.tenant ORDER BY id LOOP
        EXECUTE format('CREATE SCHEMA %I', target);
        EXECUTE format('SET LOCAL search_path = %I', target);
        CREATE TABLE account (id bigserial PRIMARY KEY, email text UNIQUE NOT NULL, plan public.plan DEFAULT 'free');
        CREATE TABLE setting (key text PRIMARY KEY, value jsonb);
        CREATE TABLE project (id bigserial PRIMARY KEY, owner_id bigint REFERENCES account DEFERRABLE INITIALLY DEFERRED, name text);
        CREATE TABLE label (id serial PRIMARY KEY, name text, CHECK (name <> ''));
        CREATE TABLE task (id bigserial PRIMARY KEY, project_id bigint NOT NULL REFERENCES project, title text, done boolean DEFAULT false);
        CREATE INDEX task_open ON task (project_id) WHERE NOT done;
        CREATE TABLE task_label (task_id bigint REFERENCES task, label_id integer REFERENCES label, PRIMARY KEY (task_id, label_id));
        CREATE TABLE comment (id bigserial PRIMARY KEY, task_id bigint REFERENCES task, body text);
        CREATE TABLE invoice (id bigserial PRIMARY KEY, tenant_id integer REFERENCES public.tenant, total numeric(9, 2));
        CREATE TABLE event (at timestamptz, kind text, details jsonb);
        CREATE INDEX event_at ON event USING brin (at);
        CREATE TABLE session (key character(40) PRIMARY KEY, data text, expires timestamptz);
        CREATE VIEW open_task AS SELECT t.id, t.title, p.name FROM task t JOIN project p ON p.id = t.project_id WHERE NOT t.done;
        INSERT INTO account (email) SELECT 'user' || n || '@' || target FROM generate_series(1, 3 + number % 4) n;
        INSERT INTO setting VALUES ('number', to_jsonb(number)), ('name', to_jsonb(target));
        INSERT INTO project (owner_id, name) SELECT id, 'project of ' || email FROM account;
        INSERT INTO label (name) VALUES ('late'), ('new');
        INSERT INTO task (project_id, title, done) SELECT p.id, 'task ' || n, n % 2 = 0 FROM project p, generate_series(1, 5) n;
        INSERT INTO task_label SELECT id, 1 + id % 2 FROM task WHERE id % 3 = 0;
        INSERT INTO comment (task_id, body) SELECT id, E'line one\nline two of ' || title FROM task WHERE id % 2 = 0;
        INSERT INTO invoice (tenant_id, total) VALUES (number, number * 1.5);
        INSERT INTO event SELECT timestamptz '2026-01-01 00:00+00' + n * interval '1 hour', 'seen', '{"n": 1}' FROM generate_series(1, 10) n;
    END LOOP;
END $do$;
