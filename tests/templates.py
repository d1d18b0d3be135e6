"""What the databases of all tests are copied from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.deployment import Deployment
from tests.servers import Server

Deploy = Callable[..., Deployment]

ALIASES = ("default", "second")
# Its password must never show; that of the server's superuser is a common word.
OWNER, PASSWORD = "keeper", "kept-very-secret-2741"

# What this version cannot back up, as its errors name it, and how to get rid of it.
UNSUPPORTED = {
    "no_capital_delete": "DROP RULE no_capital_delete ON capital",
    "default": 'ALTER DEFAULT PRIVILEGES FOR ROLE keeper IN SCHEMA "Second Schema" REVOKE SELECT ON TABLES FROM holdfast_reader',
}


def server_databases(server: Server, names: dict[str, str]) -> dict[str, dict[str, Any]]:
    address = {"HOST": server.host, "PORT": str(server.port), "USER": OWNER, "PASSWORD": PASSWORD}
    return {
        alias: {"ENGINE": "django.db.backends.postgresql", "NAME": name, **address} for alias, name in names.items()
    }


def prepared(server: Server, folder: Path) -> None:
    """Make the databases that all tests copy: `full_*` as migrated, `filled_*` without what is not supported yet."""
    server.create_role(OWNER, "LOGIN SUPERUSER", password=PASSWORD)
    names = {alias: f"full_{alias}" for alias in ALIASES}
    for name in names.values():
        server.psql(f"CREATE DATABASE {name} OWNER {OWNER}")
    Deployment(folder, server_databases(server, names), server).prepare()
    for alias, name in names.items():
        server.psql(f"CREATE DATABASE filled_{alias} TEMPLATE {name} OWNER {OWNER}")
    server.psql(";\n".join(UNSUPPORTED.values()), "filled_default")
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
