"""Databases with extensions of an administrator, who has given them to a role without rights on these: as platforms do it."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.deployment import Deployment
from tests.servers import DEBIAN, Server, start

# What an administrator makes in `prod`, whose owner is `app`; and what `app` has there.
PLATFORM = """
    CREATE SCHEMA extensions; GRANT USAGE ON SCHEMA extensions TO app;
    COMMENT ON SCHEMA extensions IS 'of the platform'; COMMENT ON SCHEMA public IS 'kept by the platform';
    CREATE EXTENSION postgis SCHEMA public; CREATE EXTENSION postgis_topology; CREATE EXTENSION pg_cron;
    GRANT USAGE ON SCHEMA cron, topology TO app; GRANT SELECT ON ALL TABLES IN SCHEMA topology TO app;
    INSERT INTO public.spatial_ref_sys(srid, auth_name, auth_srid) VALUES (990001, 'own', 1);
    INSERT INTO topology.topology(name, srid, precision, hasz) VALUES ('city', 4326, 0, false);
    SELECT cron.schedule('of the administrator', '0 0 * * *', 'SELECT 1');
    CREATE FUNCTION extensions.watch() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN NOTIFY pgrst; END $$;
    CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION extensions.watch();
    COMMENT ON EVENT TRIGGER watch IS 'of the platform'; COMMENT ON FUNCTION extensions.watch() IS 'of the platform';
    SET ROLE app;
    SELECT cron.schedule('of the application', '0 1 * * *', 'SELECT 2');
    CREATE TABLE public.place (id int PRIMARY KEY, at public.geometry(Point, 4326));
    INSERT INTO public.place VALUES (1, public.ST_SetSRID(public.ST_MakePoint(1, 2), 4326));
"""
# What stands on tables of extensions, and who made it is written nowhere.
ADDITIONS = """
    CREATE FUNCTION public.audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
    CREATE INDEX own_index ON public.spatial_ref_sys (auth_name); COMMENT ON INDEX public.own_index IS 'fast';
    CREATE TRIGGER own_trigger BEFORE INSERT ON public.spatial_ref_sys FOR EACH ROW EXECUTE FUNCTION public.audit();
    ALTER TABLE public.spatial_ref_sys DISABLE TRIGGER own_trigger;
    ALTER TABLE public.spatial_ref_sys ADD COLUMN own_column text DEFAULT 'x', ALTER auth_name SET DEFAULT 'EPSG',
        ALTER auth_name SET NOT NULL, ADD CONSTRAINT own_check CHECK (length(own_column) < 10);
    CREATE FUNCTION public.counted(text) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT length($1)';
    CREATE FUNCTION public.measured(text) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN counted($1); END';
    CREATE INDEX own_index_of_code ON public.spatial_ref_sys (public.measured(auth_name));
    ALTER TABLE public.spatial_ref_sys ADD CONSTRAINT own_check_of_code CHECK (public.measured(auth_name) > 0);
    CREATE STATISTICS public.own_statistics ON auth_name, auth_srid FROM public.spatial_ref_sys;
    CREATE POLICY own_policy ON public.spatial_ref_sys FOR SELECT USING (srid > 0);
    ALTER TABLE public.spatial_ref_sys ENABLE ROW LEVEL SECURITY;
    CREATE RULE own_rule AS ON UPDATE TO topology.layer WHERE OLD.layer_id < 0 DO INSTEAD NOTHING;
    CREATE TABLE public.kind (id int PRIMARY KEY); INSERT INTO public.kind VALUES (0);
    ALTER TABLE topology.layer ADD CONSTRAINT own_key FOREIGN KEY (level) REFERENCES public.kind;
    ALTER TABLE topology.layer OWNER TO app;
    INSERT INTO public.spatial_ref_sys(srid, auth_name, auth_srid, own_column) VALUES (990001, 'own', 1, 'kept');
    INSERT INTO topology.topology(name, srid, precision, hasz) VALUES ('city', 4326, 0, false);
    INSERT INTO topology.layer(topology_id, layer_id, schema_name, table_name, feature_column, feature_type)
        VALUES (1, 1, 'public', 'kind', 'area', 3);
"""
STATE = """
    SELECT pg_get_indexdef(oid), obj_description(oid, 'pg_class') FROM pg_class WHERE relname LIKE 'own_index%' ORDER BY 1;
    SELECT pg_get_triggerdef(oid), tgenabled FROM pg_trigger WHERE tgname IN ('own_trigger', 'layer_integrity_checks') ORDER BY 1;
    SELECT attname, attnotnull, pg_get_expr(adbin, adrelid) FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
     WHERE attrelid = 'public.spatial_ref_sys'::regclass AND attnum > 0 ORDER BY attnum;
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conname LIKE 'own%' ORDER BY 1;
    SELECT pg_get_statisticsobjdef(oid) FROM pg_statistic_ext;
    SELECT polname, pg_get_expr(polqual, polrelid), relrowsecurity FROM pg_policy JOIN pg_class c ON c.oid = polrelid ORDER BY 1;
    SELECT pg_get_ruledef(oid) FROM pg_rewrite WHERE rulename LIKE 'own%';
    SELECT relname, relowner::regrole FROM pg_class WHERE relname IN ('layer', 'topology');
    SELECT * FROM public.spatial_ref_sys WHERE srid > 990000;
    SELECT count(*), md5(string_agg(s::text, '' ORDER BY srid)) FROM public.spatial_ref_sys s;
    SELECT * FROM topology.topology; SELECT * FROM topology.layer;
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with start(DEBIAN, settings={"shared_preload_libraries": "pg_cron", "cron.database_name": "prod"}) as server:
        server.create_role("app")
        yield server


@pytest.fixture
def deployed(server: Server, tmp_path: Path) -> Iterator[Callable[..., Deployment]]:
    """Makes a database out of a script, for the superuser or for the role that owns it."""
    made: list[str] = []

    def deployment(name: str, script: str = "", user: str = "postgres") -> Deployment:
        if name not in made:
            made.append(name)
            server.create_database(name, "OWNER app TEMPLATE template0")
            server.psql(script, name)
        engine = {"ENGINE": "django.db.backends.postgresql", "NAME": name, "USER": user}
        # Over the socket, which asks for no password.
        address = {"HOST": str(server.socket_dir), "PORT": str(server.port)}
        return Deployment(tmp_path, {"default": engine | address}, server)

    yield deployment
    for name in made:
        server.psql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def restore(deployment: Deployment, *options: object, code: int = 0) -> str:
    return deployment.run("restore_db", *options, "--no-input", "--no-safety-backup", "--verify", code=code).text


def everything(server: Server, database: str) -> str:
    rows = server.psql("SELECT * FROM cron.job ORDER BY 1; TABLE cron.jobid_seq; TABLE topology.topology", database)
    triggers = server.psql("SELECT evtname, evtowner::regrole, obj_description(oid) FROM pg_event_trigger", database)
    return server.pg_dump(database) + rows + triggers


def test_a_role_that_owns_no_extension_gets_its_database_back(
    server: Server, deployed: Callable[..., Deployment]
) -> None:
    prod = deployed("prod", PLATFORM, user="app")
    before = everything(server, "prod")
    told = prod.run("backup_db").text
    assert "row security shows the role app its own rows of cron.job" in told
    server.psql("DELETE FROM public.place; CREATE TABLE public.later (); ALTER TABLE public.later OWNER TO app", "prod")
    told = restore(prod)
    assert "event trigger watch belongs to the role postgres" in told
    # What is there already is not touched, so that nothing of it can fail.
    assert "could not be" not in told
    assert "must be owner" not in told
    assert everything(server, "prod") == before

    # What cannot be written is told, row security or not, and the rest comes back.
    server.psql("DELETE FROM public.spatial_ref_sys WHERE srid = 990001; DELETE FROM cron.job WHERE jobid = 2", "prod")
    told = restore(prod, "--owners")
    assert 'rows of "public"."spatial_ref_sys", a table of the extension postgis could not be restored' in told
    assert 'rows of "cron"."job", a table of the extension pg_cron could not be restored' in told
    assert server.psql("SELECT count(*) FROM public.place", "prod") == "1"

    # A drill has no database that could have them all, and a swap none that could have pg_cron.
    server.psql("ALTER ROLE app CREATEDB")
    assert "good (restored and compared" in prod.run("validate_backup", "latest", "--deep").text
    assert "cannot be swapped" in restore(prod, "--strategy", "swap", code=2)
    owner = deployed("prod")
    assert "pg_cron can be created in one database" in restore(owner, "--strategy", "swap", code=2)
    assert "good (restored and compared" in owner.run("validate_backup", "latest", "--deep").text

    # Rows of extensions that are not to be in a backup are not, and stay as they are.
    prod.run("backup_db", "--exclude-table-data", "cron.job", "--exclude-table-data", "spatial_ref_sys")
    script = gzip.decompress(prod.newest().read_bytes()).decode()
    assert "of the application" not in script
    assert 'rows of "public"."spatial_ref_sys"' not in script
    server.psql("REVOKE SELECT ON cron.job FROM PUBLIC; REVOKE USAGE ON SCHEMA cron FROM app", "prod")
    assert "the role app may not read cron.job" in prod.run("backup_db").text
    # Nor does what stands on such a table need a right to be seen there.
    assert "permission denied" not in restore(prod)


@pytest.mark.parametrize("way", ["in place", "swap", "psql"])
def test_what_stands_on_tables_of_extensions_comes_back(
    server: Server, deployed: Callable[..., Deployment], way: str
) -> None:
    extensions = "CREATE EXTENSION postgis; CREATE EXTENSION postgis_topology;"
    source = deployed("source", extensions + ADDITIONS)
    wanted = server.psql(STATE, "source")
    for own in ("index", "trigger", "column", "check", "statistics", "policy", "rule", "key"):
        assert f"own_{own}" in wanted
    source.run("backup_db")
    # In place the extensions are there, and something on their tables differs.
    altered = (
        "DROP RULE own_rule ON topology.layer; CREATE RULE own_rule AS ON UPDATE TO topology.layer DO INSTEAD NOTHING;"
    )
    target = deployed("target", extensions + ADDITIONS + altered if way == "in place" else "")
    if way == "psql":
        script = gzip.decompress(source.newest().read_bytes()).decode()
        server.client("psql", "-X", "-1", "-q", "-v", "ON_ERROR_STOP=1", "-d", "target", stdin=script)
    else:
        options = ["--strategy", "swap"] if way == "swap" else []
        assert "could not be" not in restore(target, source.newest(), "--owners", *options)
    assert server.psql(STATE, "target") == wanted
    server.psql("DROP DATABASE target WITH (FORCE)")
    assert "own_rule" in wanted


def test_what_a_backup_cannot_hold_of_an_extension_is_refused_by_name(deployed: Callable[..., Deployment]) -> None:
    script = (
        "CREATE EXTENSION postgis; CREATE TABLE parent (srid int NOT NULL); ALTER TABLE spatial_ref_sys INHERIT parent"
    )
    told = deployed("heir", script).run("backup_db", code=1).text
    assert "inheritance of spatial_ref_sys, a table of an extension, from parent" in told.replace("public.", "")


def test_event_triggers_change_nothing_that_comes_back(deployed: Callable[..., Deployment]) -> None:
    script = """
        CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);
        CREATE FUNCTION meddle() RETURNS event_trigger LANGUAGE plpgsql AS $$ DECLARE made record; BEGIN
            FOR made IN SELECT * FROM pg_event_trigger_ddl_commands() WHERE command_tag = 'CREATE TABLE' LOOP
                EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', made.objid::regclass); END LOOP; END $$;
        CREATE EVENT TRIGGER meddle ON ddl_command_end EXECUTE FUNCTION meddle();
        ALTER EVENT TRIGGER meddle ENABLE ALWAYS;
    """
    meddled = deployed("meddled", script)
    meddled.run("backup_db")
    state = "SELECT relrowsecurity, (SELECT evtenabled FROM pg_event_trigger) FROM pg_class WHERE relname = 't'"
    for part in ((), ("--table", "t"), ("--schema", "public")):
        if part != ("--schema", "public"):
            restore(meddled, *part)
            assert meddled.execute(state) == [("f", "A")], part


FILLED = """
    CREATE FUNCTION through(view text) RETURNS bigint LANGUAGE plpgsql AS
        $$ DECLARE found bigint; BEGIN EXECUTE 'SELECT count(*) FROM public.' || view INTO found; RETURN found; END $$;
    CREATE TABLE base AS SELECT 1 AS id;
    CREATE MATERIALIZED VIEW c AS SELECT id FROM public.base;
    CREATE MATERIALIZED VIEW b AS SELECT public.through('c') AS n;
    CREATE MATERIALIZED VIEW a AS SELECT public.through('b') AS n;
    CREATE MATERIALIZED VIEW empty AS SELECT 1 AS n WITH NO DATA;
"""
FILLING = "SELECT relname, relispopulated FROM pg_class WHERE relkind = 'm' ORDER BY 1"


@pytest.mark.parametrize("way", ["in place", "swap", "psql", "table"])
def test_materialized_views_wait_for_those_that_their_functions_read(
    server: Server, deployed: Callable[..., Deployment], way: str
) -> None:
    views = deployed("views", FILLED)
    views.run("backup_db")
    restored = "views"
    if way == "psql":
        restored = deployed("views_again").name()
        script = gzip.decompress(views.newest().read_bytes()).decode()
        server.client("psql", "-X", "-1", "-q", "-v", "ON_ERROR_STOP=1", "-d", restored, stdin=script)
    else:
        options = {"swap": ["--strategy", "swap"], "table": ["--table", "base"]}.get(way, [])
        assert "could not be filled" not in restore(views, *options)
    assert server.psql(FILLING, restored) == "a|t\nb|t\nc|t\nempty|f"
    # What a part of the database leaves alone, nobody has to fill.
    if way in {"psql", "table"}:
        return

    # One that can never be filled leaves the rest as it should be.
    server.psql("CREATE MATERIALIZED VIEW bad AS SELECT 1 / count(*) AS n FROM public.base", "views")
    broken = "CREATE OR REPLACE FUNCTION public.through(view text) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE 'never'; END $$"
    server.psql(broken, "views")
    views.run("backup_db")
    told = restore(views, *options, code=5)
    assert 'the materialized view "public"."a" could not be filled: never' in told
    assert "these materialized views are empty: public.a, public.b" in told
    assert server.psql(FILLING, "views") == "a|f\nb|f\nbad|t\nc|t\nempty|f"


def test_a_drill_beside_the_database_tells_of_materialized_views_that_stayed_empty(
    server: Server, deployed: Callable[..., Deployment]
) -> None:
    server.psql("ALTER ROLE app NOCREATEDB")
    script = """
        SET ROLE app;
        CREATE FUNCTION public.never() RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
        CREATE MATERIALIZED VIEW public.late AS SELECT public.never() AS n;
        CREATE OR REPLACE FUNCTION public.never() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RAISE 'never'; END $$;
    """
    beside = deployed("beside", script, user="app")
    beside.run("backup_db")
    told = beside.run("validate_backup", "latest", "--deep", "--format", "json").text
    assert "restored into scratch schemas" in told
    assert "materialized views stayed empty: public.late" in told
