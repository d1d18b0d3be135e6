"""Restores a backup into a place of its own and lends that to the project as one more alias of Django."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from holdfast import _core, conf, databases, plans
from holdfast.conf import Configuration
from holdfast.exceptions import DatabaseError
from holdfast.operations.session import private_file
from holdfast.plans import RestoreOptions
from holdfast.progress import OnEvent

ALIAS = "holdfast_drill"

_OPTIONS: RestoreOptions = {"strategy": "in-place", "owners": "apply"}

_RIGHTS = (
    "SELECT rolname::pg_catalog.text, rolcreatedb OR rolsuper FROM pg_catalog.pg_roles "
    "WHERE rolname OPERATOR(pg_catalog.=) current_user"
)
_LOCALE = """
SELECT pg_catalog.quote_literal(pg_catalog.pg_encoding_to_char(encoding)), pg_catalog.quote_literal(datcollate),
       pg_catalog.quote_literal(datctype)
  FROM pg_catalog.pg_database WHERE datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
"""


@contextmanager
def restored(
    original: BaseDatabaseWrapper,
    backup: dict[str, Any],
    identity: str,
    trusted_roles: Sequence[str],
    on_event: OnEvent,
) -> Iterator[None]:
    """Restore; the database is there under `ALIAS` for as long as this lasts, and nothing of it is left afterwards."""
    configuration = conf.load()
    with _place(configuration, original, identity) as name, _alias(original, name) as connection:
        plan = plans.restore_plan(connection, configuration, backup, {**_OPTIONS, "trusted_roles": trusted_roles})
        if connection.vendor == "sqlite":
            plan["target"].update(file=name, page_size=None)
        _core.restore(plan, on_event)
        yield


@contextmanager
def _place(configuration: Configuration, original: BaseDatabaseWrapper, identity: str) -> Iterator[str]:
    if original.vendor == "sqlite":
        with private_file(configuration.directory, original.alias) as file:
            yield str(file)
        return
    # Its form is that of the core's own: should this run be killed, the next backup or drill drops the database.
    name = f"holdfast_drill_{identity[:8]}_{os.getpid()}_{time.time_ns() // 1000}"
    own = original.copy()
    try:
        with own.cursor() as cursor:
            _refuse_without_right(cursor)
            # Tells others that somebody works on the database of this name.
            cursor.execute("SELECT pg_catalog.set_config('application_name', %s, false)", [name])
            cursor.execute(_LOCALE)
            encoding, collate, ctype = cursor.fetchone()
            cursor.execute(
                f"CREATE DATABASE {name} TEMPLATE template0 ENCODING {encoding} LC_COLLATE {collate} LC_CTYPE {ctype}"
            )
            try:
                cursor.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
                yield name
            finally:
                cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    finally:
        own.close()


def _refuse_without_right(cursor: Any) -> None:
    cursor.execute(_RIGHTS)
    role, may_create = cursor.fetchone()
    if not may_create:
        quoted = role.replace('"', '""')
        raise DatabaseError(
            f"the checks of a drill need a database of their own, and the role {role} may not create one",
            f'Let an administrator run: ALTER ROLE "{quoted}" CREATEDB; or take the checks out of DRILL_CHECKS.',
        )


@contextmanager
def _alias(original: BaseDatabaseWrapper, name: str) -> Iterator[BaseDatabaseWrapper]:
    settings = deepcopy(original.settings_dict)
    # The database goes away with everybody who is connected to it; a pool would connect again.
    settings.update(NAME=name, CONN_MAX_AGE=0, OPTIONS={**settings["OPTIONS"], "pool": False})
    if original.vendor == "sqlite":
        settings["OPTIONS"].pop("pool")
    connections.settings[ALIAS] = settings
    try:
        yield databases.connection_for(ALIAS)
    finally:
        connections[ALIAS].close()
        del connections[ALIAS]
        del connections.settings[ALIAS]
