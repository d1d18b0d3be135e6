"""Which databases there are and how to reach them, as Django sees them at this moment."""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from holdfast.exceptions import UsageError
from holdfast.sqlite.live import location

ENGINES = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}

# What Django passes to psycopg beside libpq's own parameters (cursor_factory, context, prepare_threshold, …) has no
# meaning outside Python. https://www.postgresql.org/docs/current/libpq-connect.html
_LIBPQ_PARAMETERS = frozenset(
    # One name a line would be a page of names.
    """
    host hostaddr port dbname user password passfile require_auth channel_binding connect_timeout client_encoding
    options application_name fallback_application_name keepalives keepalives_idle keepalives_interval
    keepalives_count tcp_user_timeout sslmode requiressl sslnegotiation sslcompression sslcert sslkey sslpassword
    sslcertmode sslrootcert sslcrl sslcrldir sslsni requirepeer ssl_min_protocol_version ssl_max_protocol_version
    krbsrvname gsslib gssencmode gssdelegation service servicefile target_session_attrs load_balance_hosts replication
    min_protocol_version max_protocol_version scram_client_key scram_server_key sslkeylogfile
    oauth_issuer oauth_client_id oauth_client_secret oauth_scope
    """.split(),  # noqa: SIM905
)

# Tools for tenants make it in a new schema before they migrate.
RECORD = "django_migrations"
_TABLES = "SELECT FROM pg_catalog.pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"


def supported_aliases() -> list[str]:
    """Name every alias that can be backed up; mirrors are not: they hold what their primary holds."""
    return [alias for alias in connections if connections[alias].vendor in ENGINES and not _is_mirror(alias)]


def unsupported_aliases() -> list[str]:
    """Name every alias with an engine that Holdfast does not know; Django's dummy engine holds nothing."""
    return [alias for alias in connections if connections[alias].vendor not in {*ENGINES, "unknown"}]


def all_aliases(chosen: Iterable[str] | None) -> list[str]:
    """Name the aliases of the setting, or every supported one."""
    return supported_aliases() if chosen is None else list(chosen)


def default_alias(chosen: Iterable[str] | None) -> str:
    """Name the alias that is meant when none is given."""
    aliases = all_aliases(chosen)
    if DEFAULT_DB_ALIAS in aliases or not aliases:
        return DEFAULT_DB_ALIAS
    if len(aliases) == 1:
        return aliases[0]
    raise UsageError("it is not clear which database is meant", f"Add --database with one of: {', '.join(aliases)}.")


def connection_for(alias: str) -> BaseDatabaseWrapper:
    """Give Django's connection of a database that can be backed up; does not connect."""
    if alias not in connections:
        raise UsageError(f"there is no database {alias!r} in DATABASES", f"Choose one of: {', '.join(connections)}.")
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", alias, re.ASCII):
        raise UsageError(
            f"the alias {alias!r} cannot be part of a file's name",
            "Rename it in DATABASES: letters, digits, underscores, dots and hyphens.",
        )
    connection = connections[alias]
    if connection.vendor not in ENGINES:
        raise UsageError(
            f"database {alias!r} is of the engine {connection.vendor!r}, which Holdfast cannot back up",
            'Holdfast knows PostgreSQL and SQLite; name their aliases in HOLDFAST["DATABASES"].',
        )
    if connection.vendor == "sqlite":
        # Refuses databases in memory, and says why.
        location(connection)
    return connection


def connection_of_engine(preferred: str, engine: str) -> BaseDatabaseWrapper:
    """Give the preferred alias, or another one of this engine where that is gone."""
    for alias in (preferred, *supported_aliases()):
        if alias in connections and connections[alias].vendor == engine:
            return connections[alias]
    raise UsageError(
        f"no database in DATABASES is of the engine {engine!r}",
        "Run this where the settings know a server of that kind.",
    )


def sqlite_files() -> list[str]:
    """Name every alias of a SQLite database in a file."""
    return [
        alias for alias in connections if connections[alias].vendor == "sqlite" and not is_in_memory(connections[alias])
    ]


def is_in_memory(connection: BaseDatabaseWrapper) -> bool:
    """Tell whether nothing of this database is on a disk."""
    if connection.vendor != "sqlite":
        return False
    try:
        location(connection)
    except UsageError:
        return True
    return False


def display_name(connection: BaseDatabaseWrapper) -> str:
    """Give the name that somebody types to confirm a restore: the database's, or the SQLite file's."""
    if connection.vendor == "sqlite":
        return location(connection)[0].name
    return str(connection.settings_dict["NAME"] or "") or str(
        connection.get_connection_params().get("dbname") or connection.alias
    )


def libpq_parameters(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """Give libpq's parameters of a PostgreSQL connection, the password among them: never show them."""
    parameters = {
        name: str(value)
        for name, value in connection.get_connection_params().items()
        if name in _LIBPQ_PARAMETERS and value is not None and value != ""
    }
    role = connection.settings_dict["OPTIONS"].get("assume_role")
    if role:
        # Django runs SET ROLE after connecting; without it restored tables would belong to somebody else.
        parameters["role"] = role
    return parameters


def fingerprint(connection: BaseDatabaseWrapper) -> str:
    """Tell one database from another that has its alias in other settings."""
    if connection.vendor == "sqlite":
        where: dict[str, str] = {"file": os.path.realpath(location(connection)[0])}
    else:
        # What the settings leave open, libpq takes from the environment.
        names = ("host", "hostaddr", "port", "dbname", "service", "servicefile")
        where = {name: os.environ[f"PG{name.upper()}"] for name in names if f"PG{name.upper()}" in os.environ}
        where |= {name: value for name, value in libpq_parameters(connection).items() if name in names}
    return hashlib.sha256(json.dumps([connection.vendor, where], sort_keys=True).encode()).hexdigest()[:16]


def has_content(connection: BaseDatabaseWrapper) -> bool:
    """Tell whether there is anything to lose; asking SQLite itself would make an empty file."""
    return connection.vendor != "sqlite" or location(connection)[0].exists()


@contextmanager
def catalog_cursor(connection: BaseDatabaseWrapper) -> Iterator[CursorWrapper]:
    """Give a cursor to PostgreSQL under whose path names and operators mean the server's own, and nobody else's.

    Whoever owns the database can set a path for it in which a `=` or `count` of theirs comes first, and would run
    with our rights. The path is that of a transaction: behind a pooler the session is somebody else's a moment later.
    """
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute("SELECT pg_catalog.current_setting('search_path')")
        (path,) = cursor.fetchone()
        cursor.execute(_SET_PATH, ["pg_catalog, pg_temp"])
        yield cursor
        # The transaction may be an outer one's.
        cursor.execute(_SET_PATH, [path])


_SET_PATH = "SELECT pg_catalog.set_config('search_path', %s, true)"


def has_tables(connection: BaseDatabaseWrapper) -> bool:
    """Tell whether anybody has made a table here, in whatever schema, but for Django's record of migrations."""
    if connection.vendor != "postgresql":
        with connection.cursor() as cursor:
            return bool({*connection.introspection.table_names(cursor)} - {RECORD})
    with catalog_cursor(connection) as cursor:
        cursor.execute(f"SELECT EXISTS ({_TABLES} AND tablename <> %s)", [RECORD])
        return bool(cursor.fetchone()[0])


def is_new_schema(connection: BaseDatabaseWrapper) -> bool:
    """Tell whether tables would go into a schema that has none yet, while another one has been migrated."""
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_catalog.current_schema(), pg_catalog.current_schemas(false)::text[]")
        schema, path = cursor.fetchone()
    here = f"{_TABLES} AND tablename <> %(record)s AND schemaname = %(schema)s"
    elsewhere = f"{_TABLES} AND tablename = %(record)s AND schemaname <> %(schema)s"
    # An empty schema before Django's own in the path, such as one that is named after the role, is no tenant's: those
    # have a record of migrations, or see none.
    recorded = f"{_TABLES} AND tablename = %(record)s AND schemaname = %(schema)s"
    visible = f"{elsewhere} AND schemaname = ANY (%(path)s)"
    query = f"NOT EXISTS ({here}) AND EXISTS ({elsewhere}) AND (EXISTS ({recorded}) OR NOT EXISTS ({visible}))"
    with catalog_cursor(connection) as cursor:
        cursor.execute(f"SELECT {query}", {"record": RECORD, "schema": schema, "path": path})
        return bool(cursor.fetchone()[0])


def has_table(connection: BaseDatabaseWrapper, name: str) -> bool:
    """Tell whether a query would find a table of this name; Django itself would list all, each with its comment."""
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            return name in connection.introspection.table_names(cursor)
        # Under the path of the application, which is what it is about.
        cursor.execute("SELECT pg_catalog.to_regclass(%s) IS NOT NULL", [connection.ops.quote_name(name)])
        return bool(cursor.fetchone()[0])


def close(connection: BaseDatabaseWrapper) -> None:
    """Give up Django's connections: an open one would hold locks that a restore waits for, or be ended by it."""
    for one in connections.all(initialized_only=True):
        # A mirror, or an alias for another role, may be the same database.
        if one is connection or one.settings_dict["NAME"] == connection.settings_dict["NAME"]:
            one.close()
            close_pool = getattr(one, "close_pool", None)
            if close_pool is not None:
                close_pool()


def _is_mirror(alias: str) -> bool:
    return connections[alias].settings_dict["TEST"].get("MIRROR") is not None
