"""What the databases of all tests are copied from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.deployment import Deployment

if TYPE_CHECKING:
    from tests.servers import Server

Deploy = Callable[..., Deployment]

ALIASES = ("default", "second")
# Its password must never show; that of the server's superuser is a common word.
OWNER, PASSWORD = "keeper", "kept-very-secret-2741"

# What no backup holds, as its errors name it, and what makes it.
UNSUPPORTED = {
    "pg_catalog.hidden_number": "CREATE DOMAIN pg_catalog.hidden_number AS integer",
    "information_schema.hidden": "CREATE TABLE information_schema.hidden (id integer)",
}


def server_databases(server: Server, names: dict[str, str]) -> dict[str, dict[str, Any]]:
    address = {"HOST": server.host, "PORT": str(server.port), "USER": OWNER, "PASSWORD": PASSWORD}
    return {
        alias: {"ENGINE": "django.db.backends.postgresql", "NAME": name, **address} for alias, name in names.items()
    }


def prepared(server: Server, folder: Path) -> None:
    """Make the databases that all tests copy: `filled_*` as migrated, `full_*` with what is not supported too."""
    server.create_role(OWNER, "LOGIN SUPERUSER", password=PASSWORD)
    names = {alias: f"filled_{alias}" for alias in ALIASES}
    for name in names.values():
        server.psql(f"CREATE DATABASE {name} OWNER {OWNER}")
    Deployment(folder, server_databases(server, names), server).prepare()
    for alias, name in names.items():
        server.psql(f"CREATE DATABASE full_{alias} TEMPLATE {name} OWNER {OWNER}")
    server.psql(";\n".join(UNSUPPORTED.values()), "full_default")
    for alias in ALIASES:
        # Some expressions read differently once they went through text (`'{}'::text[]`), for pg_dump as for us: the
        # database to compare with is the one that pg_dump and psql make.
        server.psql(f"CREATE DATABASE reference_{alias} TEMPLATE template0 OWNER {OWNER}")
        server.psql(server.pg_dump(f"filled_{alias}"), f"reference_{alias}")


def sqlite_deployment(folder: Path) -> Deployment:
    engine = "django.db.backends.sqlite3"
    return Deployment(
        folder, {alias: {"ENGINE": engine, "NAME": str(folder / f"{alias}.sqlite3")} for alias in ALIASES}
    )
