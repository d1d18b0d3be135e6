"""Databases that restores have put aside: which there are, bringing one back, dropping them."""

from collections.abc import Collection

from django.db.backends.base.base import BaseDatabaseWrapper

from holdfast import _core, conf, databases, plans
from holdfast.conf import Configuration
from holdfast.exceptions import DatabaseError, PartlyDone, UsageError
from holdfast.history import recorded
from holdfast.operations.session import exclusive, own_errors
from holdfast.premigration import turns
from holdfast.progress import OnEvent, silent
from holdfast.reports import KeptDatabase, Obstacle, UndoReport


def kept_databases(alias: str | None = None) -> tuple[KeptDatabase, ...]:
    """Give the databases that swaps have put aside for this one, the newest first."""
    with own_errors():
        return _kept(*_server(alias))


def plan_undo(alias: str | None = None) -> UndoReport:
    """Tell which database an undo would bring back; nothing is done."""
    with own_errors():
        configuration, connection = _server(alias)
        return UndoReport(
            alias=connection.alias,
            database=databases.display_name(connection),
            restored=_newest(configuration, connection),
            kept=None,
        )


def undo_restore(alias: str | None = None, name: str | None = None, *, on_event: OnEvent | None = None) -> UndoReport:
    """Swap the live database with the newest that was put aside, or with that of this name; twice is as before.

    When this raises, both are as they were.
    """
    configuration, connection = _server(alias)
    _refuse_transaction(connection)
    with exclusive(configuration.directory, connection.alias, "undo"):
        known = {kept.name: kept for kept in _kept(configuration, connection)}
        restored = known.get(name) if name else _newest(configuration, connection)
        if restored is None:
            raise UsageError(f"no database {name!r} was put aside", f"There are: {', '.join(known) or 'none'}.")
        with recorded("undo", connection.alias, backup=restored.name):
            databases.close(connection)
            plan = plans.kept_plan(connection, configuration, [restored.name])
            document = _core.undo_restore(plan, on_event or silent)
            turns.over(configuration.directory, connection.alias)
    return UndoReport(
        alias=connection.alias,
        database=databases.display_name(connection),
        restored=restored,
        kept=KeptDatabase.read(document),
    )


def drop_old_databases(
    alias: str | None = None, among: Collection[str] | None = None, *, on_event: OnEvent | None = None
) -> tuple[KeptDatabase, ...]:
    """Drop the databases that swaps have put aside, of `among` where given; gives those that are gone."""
    configuration, connection = _server(alias)
    _refuse_transaction(connection)
    with exclusive(configuration.directory, connection.alias, "drop-old"):
        chosen = [kept for kept in _kept(configuration, connection) if among is None or kept.name in among]
        plan = plans.kept_plan(connection, configuration, [kept.name for kept in chosen])
        with recorded("drop-old", connection.alias, backup=" ".join(kept.name for kept in chosen)):
            document = _core.drop_kept(plan, on_event or silent)
            if failures := [Obstacle(**one) for one in document["failures"]]:
                failure = PartlyDone if document["dropped"] else DatabaseError
                hints = dict.fromkeys(one.hint for one in failures if one.hint)
                raise failure("; ".join(one.message for one in failures), "\n".join(hints))
    return tuple(kept for kept in chosen if kept.name in document["dropped"])


def _server(alias: str | None) -> tuple[Configuration, BaseDatabaseWrapper]:
    configuration = conf.load()
    connection = databases.connection_for(alias or databases.default_alias(configuration.databases))
    if connection.vendor != "postgresql":
        raise UsageError(
            f"the database {connection.alias!r} is of {databases.ENGINES[connection.vendor]}: "
            "its restores put no database aside",
            "They leave a backup: `manage.py list_backups --type pre-restore`.",
        )
    return configuration, connection


def _kept(configuration: Configuration, connection: BaseDatabaseWrapper) -> tuple[KeptDatabase, ...]:
    found = _core.kept_databases(plans.kept_plan(connection, configuration), silent)
    return tuple(map(KeptDatabase.read, found))


def _newest(configuration: Configuration, connection: BaseDatabaseWrapper) -> KeptDatabase:
    for kept in _kept(configuration, connection):
        return kept
    raise UsageError(
        f"no database was put aside for {databases.display_name(connection)!r}",
        "Only a swap keeps one; a restore in place leaves a backup: `manage.py list_backups --type pre-restore`.",
    )


def _refuse_transaction(connection: BaseDatabaseWrapper) -> None:
    if connection.in_atomic_block:
        raise UsageError(
            "a database cannot be renamed or dropped inside a transaction", "Call it outside of transaction.atomic()."
        )
