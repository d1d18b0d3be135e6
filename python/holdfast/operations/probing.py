"""Looks whether the next backup could be made, and what it would need; makes none."""

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from django.db.backends.base.base import BaseDatabaseWrapper

from holdfast import _core, clock, conf, databases, room
from holdfast.conf import Configuration
from holdfast.exceptions import HoldfastError
from holdfast.folder import prepare
from holdfast.operations import forecast
from holdfast.operations.catalog import list_backups
from holdfast.operations.session import own_errors
from holdfast.progress import silent
from holdfast.rendering import size
from holdfast.reports import Probe
from holdfast.sqlite.live import Access, connected, location
from holdfast.stores import LOCAL

_NAMED = 5
_UNREADABLE = """
    SELECT format('%I.%I', n.nspname, c.relname)
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
       AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
       AND NOT pg_catalog.has_table_privilege(c.oid, 'SELECT')
     ORDER BY 1
"""


def probe() -> tuple[Probe, ...]:
    """Look at everything that a backup depends on; what is wrong is a result, not an exception."""
    configuration = conf.load()
    return tuple(found for look in PROBES for found in look(configuration))


def _folder(configuration: Configuration) -> Iterable[Probe]:
    folder = configuration.directory
    subject = f"folder {folder}"
    try:
        with own_errors():
            prepare(folder)
            # Rights tell little about read-only mounts and quotas; a file that was written tells all.
            with tempfile.TemporaryFile(dir=folder, prefix=".probe-") as file:
                file.write(b"x")
            free = room.free_bytes(folder)
    except HoldfastError as error:
        yield Probe(subject, ok=False, detail=error.message, hint=error.hint)
        return
    yield Probe(subject, ok=True, detail=f"can be written, {size(free)} free")
    growth = forecast.growth(configuration, list_backups(location=LOCAL), clock.now())
    if growth > free:
        yield Probe(
            subject,
            ok=True,
            detail=f"it will be full: with what retention keeps, the next two days need {size(growth)} more at most",
            hint='Make room, move the folder to a larger disk, or keep less: HOLDFAST["RETENTION"].',
            doubtful=True,
        )


def _databases(configuration: Configuration) -> Iterable[Probe]:
    for alias in databases.all_aliases(configuration.databases):
        subject = f"database {alias}"
        try:
            with own_errors():
                connection = databases.connection_for(alias)
                look = _postgresql if connection.vendor == "postgresql" else _sqlite
                yield _with_room(configuration.directory, subject, alias, look(connection))
        except HoldfastError as error:
            yield Probe(subject, ok=False, detail=error.message, hint=error.hint)


@dataclass(frozen=True)
class _Source:
    about: str
    in_database: int
    # Beside the backup, while it is made.
    scratch: int = 0


def _postgresql(connection: BaseDatabaseWrapper) -> _Source:
    with databases.catalog_cursor(connection) as cursor:
        cursor.execute(_UNREADABLE)
        unreadable = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT current_setting('server_version'), pg_catalog.pg_database_size(current_database())")
        version, in_database = cursor.fetchone()
    if unreadable:
        more = f" and {len(unreadable) - _NAMED} more" if len(unreadable) > _NAMED else ""
        raise HoldfastError(
            f"this role cannot read {', '.join(unreadable[:_NAMED])}{more}",
            "Grant it SELECT: the how-to on PostgreSQL's permissions has the statements.",
        )
    return _Source(f"PostgreSQL {version.partition(' ')[0]}, {size(in_database)}", in_database)


def _sqlite(connection: BaseDatabaseWrapper) -> _Source:
    path = location(connection)[0]
    if not path.exists():
        raise HoldfastError(f"there is no file {path}", "Look at NAME in DATABASES, or run `manage.py migrate`.")
    # As a backup opens it: an engine's own library has errors of its own, and may encrypt.
    with connected(connection, Access.READ) as live:
        live.execute("SELECT count(*) FROM sqlite_master")
    stored = path.stat().st_size
    return _Source(f"SQLite, {size(stored)}", stored, scratch=stored)


def _with_room(folder: Path, subject: str, alias: str, source: _Source) -> Probe:
    last = next((backup for backup in list_backups(alias, location=LOCAL) if backup.problem is None), None)
    # Without an earlier one nobody knows how well it compresses.
    needed = source.scratch + (last.stored_size if last else source.in_database)
    detail = f"{source.about}; a backup needs about {size(needed)} of room"
    free = room.free_bytes(folder)
    if free < needed:
        hint = "Free some: `manage.py cleanup_backups --dry-run`."
        return Probe(subject, ok=False, detail=f"{detail}, and {size(free)} are free", hint=hint)
    return Probe(subject, ok=True, detail=detail)


def _stores(configuration: Configuration) -> Iterable[Probe]:
    for store in configuration.stores:
        subject = f"store {store.name}"
        found = _core.probe_store(store.plan(configuration.directory), silent)
        failed = [step for step in found["steps"] if not step["ok"]]
        for step in failed:
            yield Probe(subject, ok=False, detail=f"cannot {step['name']}: {step['message']}", hint=step["hint"])
        if not failed:
            done = ", ".join(step["name"] for step in found["steps"])
            rates = f"{size(found['upload_rate'])}/s there, {size(found['download_rate'])}/s back"
            yield Probe(subject, ok=True, detail=f"it can be used ({done}); {rates}")
        for text in (*found["warnings"], *found["unknown"]):
            yield Probe(subject, ok=True, detail=text, doubtful=True)


# Whatever else a backup comes to depend on is looked at by one more function here.
PROBES: tuple[Callable[[Configuration], Iterable[Probe]], ...] = (_folder, _databases, _stores)
