"""Databases of real projects: the schemas that their packages bring, and a few rows.

``scripts/install_test_servers.sh`` fetches the packages; nothing of them is part of this repository.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace

import jinja2

from tests.servers import CACHE, DEBIAN, PGVECTOR

FOLDER = CACHE / "projects"


@dataclass(frozen=True)
class Project:
    # What makes the database, for psql as a superuser.
    script: Callable[[], str]
    # The package of programs that has the extensions.
    server: int | str
    # Some texts (BETWEEN beside AND, casts of arrays) become others of the same meaning when the server reads them again,
    # from pg_dump too: then the database is made from its dump.
    settles: bool = False


def musicbrainz() -> str:
    """500 tables in nine schemas, collations and a text search configuration of its own, cube, earthdistance, unaccent."""
    folder = FOLDER / "mbdata" / "sql"
    schemas = {
        "caa": "cover_art_archive", "documentation": "documentation", "eaa": "event_art_archive", "json_dump": "json_dump",
        "report": "report", "sitemaps": "sitemaps", "statistics": "statistics", "wikidocs": "wikidocs",
    }  # fmt: skip
    steps = ("Tables", "PrimaryKeys", "Functions", "Indexes", "FKConstraints", "EditFKConstraints", "Constraints",
             "Views", "Triggers", "SearchIndexes")  # fmt: skip
    files = ["Extensions.sql", "CreateCollations.sql", "CreateSearchConfiguration.sql", "CreateTypes.sql"]
    for step in steps:
        files += [f"Create{step}.sql", *(f"{schema}/Create{step}.sql" for schema in schemas)]
    created = "".join(f"CREATE SCHEMA {schema};\n" for schema in ("musicbrainz", *schemas.values()))
    parts = [(folder / file).read_text() for file in [*files, "InsertDefaultRows.sql"] if (folder / file).exists()]
    # Some of the files choose a schema for themselves.
    return created + "".join(f"SET search_path = musicbrainz, public;\n{part}" for part in parts)


def lemmy() -> str:
    """Seven years of migrations, triggers made by procedures, ltree, pg_trgm."""
    known = "CREATE TABLE __diesel_schema_migrations (version varchar(50) PRIMARY KEY, run_on timestamp DEFAULT now());"
    folders = sorted((FOLDER / "lemmy_db_schema" / "migrations").iterdir())
    migrations = [f"BEGIN;\n{(folder / 'up.sql').read_text()};\nCOMMIT;" for folder in folders]
    replaceable = FOLDER / "lemmy_diesel_utils" / "replaceable_schema"
    last = [(replaceable / file).read_text() for file in ("utils.sql", "triggers.sql")]
    return "\n".join([known, *migrations, "CREATE SCHEMA r;", *last])


# What osm2pgsql makes for Nominatim.
PLACES = """
CREATE EXTENSION postgis; CREATE EXTENSION hstore;
CREATE TABLE country_name (country_code varchar(2), name hstore, derived_name hstore, country_default_language_code text, partition int);
CREATE TABLE country_osm_grid (country_code varchar(2), area double precision, geometry geometry(Geometry, 4326));
CREATE INDEX ON country_osm_grid USING gist (geometry);
CREATE TABLE place (
    osm_type char(1) NOT NULL, osm_id bigint NOT NULL, class text NOT NULL, type text NOT NULL, admin_level smallint,
    name hstore, address hstore, extratags hstore, geometry geometry(Geometry, 4326) NOT NULL
);
CREATE TABLE place_interpolation (osm_id bigint, type text, address hstore, nodes bigint[], geometry geometry(LineString, 4326));
CREATE TABLE place_associated_street (relation_id bigint, member_type char(1), member_id bigint, member_role text);
CREATE TABLE word (word_id integer, word_token text NOT NULL, type text NOT NULL, word text, info jsonb);
INSERT INTO country_name SELECT 'c' || n, hstore('name', 'country ' || n), NULL, 'en', n FROM generate_series(1, 3) n;
INSERT INTO country_osm_grid SELECT 'c' || n, 1, ST_SetSRID(ST_MakeEnvelope(n, n, n + 1, n + 1), 4326) FROM generate_series(1, 3) n;
"""
PLACED = """
SET session_replication_role = replica;
INSERT INTO place SELECT 'N', n, 'place', 'house', 15, hstore('name', 'place ' || n), NULL, NULL, ST_SetSRID(ST_MakePoint(n % 90, n % 45), 4326) FROM generate_series(1, 500) n;
INSERT INTO placex (place_id, osm_type, osm_id, class, type, name, geometry, centroid, rank_search, rank_address, indexed_status, importance, geometry_sector, partition)
SELECT osm_id, osm_type, osm_id, class, type, name, geometry, ST_Centroid(geometry), 30, 30, 0, 0.5, 1, 1 FROM place;
"""


def nominatim() -> str:
    """PostGIS and hstore, tables that inherit, expressions of PostGIS in indexes and checks, 40 functions."""
    loader = jinja2.FileSystemLoader(FOLDER / "nominatim_db" / "resources" / "lib-sql")
    environment = jinja2.Environment(loader=loader, autoescape=False)  # noqa: S701 - it writes SQL
    environment.globals["config"] = SimpleNamespace(DATABASE_WEBUSER="postgres", get_bool=lambda _: False)
    tables = {"place", "placex", "location_postcodes", "search_name", "word", "location_road_0"}
    environment.globals["db"] = {
        "partitions": range(4), "tables": tables, "reverse_only": False, "middle_db_format": "2",
        "tablespace": {f"{kind}_{part}": "" for kind in ("address", "search", "aux") for part in ("data", "index")},
    }  # fmt: skip
    files = ("tables.sql", "partition-tables.src.sql", "functions.sql", "table-triggers.sql", "indices.sql")
    return PLACES + "".join(environment.get_template(file).render() for file in files) + PLACED


VECTORS = """
CREATE SCHEMA extensions; CREATE EXTENSION vector SCHEMA extensions; SET search_path = public, extensions;
CREATE TABLE documents (
    id bigint PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, embedding vector(3) NOT NULL, half halfvec(3), sparse sparsevec(5),
    bits bit(4), CHECK (embedding IS DISTINCT FROM '[0,0,0]'), CHECK (vector_norm(embedding) < 1000),
    norm double precision GENERATED ALWAYS AS (vector_norm(embedding)) STORED
);
CREATE INDEX ON documents USING hnsw (embedding vector_l2_ops) WITH (m = 8, ef_construction = 32);
CREATE INDEX ON documents USING ivfflat (embedding vector_cosine_ops) WITH (lists = 4);
CREATE INDEX ON documents USING hnsw ((half::halfvec(3)) halfvec_ip_ops);
CREATE INDEX ON documents USING hnsw (bits bit_hamming_ops);
CREATE VIEW near AS SELECT id, embedding <-> '[1,2,3]' AS distance FROM documents WHERE embedding IN ('[1,2,3]', '[3,2,1]');
CREATE FUNCTION nearest(wanted vector, amount integer) RETURNS SETOF documents LANGUAGE sql STABLE
    AS $$ SELECT * FROM documents ORDER BY embedding <=> wanted LIMIT amount $$;
CREATE MATERIALIZED VIEW centre AS SELECT avg(embedding) AS embedding FROM documents;
INSERT INTO documents (embedding, half, sparse, bits)
SELECT ARRAY[n, n % 7, 1]::vector, ARRAY[n % 9, 1, 2]::halfvec, '{1:1,3:2}/5', (n % 16)::bit(4) FROM generate_series(1, 200) n;
REFRESH MATERIALIZED VIEW centre;
"""

PROJECTS = {
    "musicbrainz": Project(musicbrainz, DEBIAN, settles=True),
    "nominatim": Project(nominatim, DEBIAN, settles=True),
    "lemmy": Project(lemmy, 18),
    "vectors": Project(lambda: VECTORS, PGVECTOR),
}
