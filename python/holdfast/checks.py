"""System checks: they read settings and look at folders, never at a database, and create nothing.

| id | what is wrong |
|---|---|
| `holdfast.E001` | `HOLDFAST` is not a dictionary |
| `holdfast.E002` | an unknown key |
| `holdfast.E003` | a value of the wrong type |
| `holdfast.E004` | a value that makes no sense |
| `holdfast.E005` | an environment value that cannot be read |
| `holdfast.E006` | the backup folder is inside `MEDIA_ROOT` or `STATIC_ROOT` |
| `holdfast.E007` | the backup folder cannot be made or written |
| `holdfast.E008` | a key of `HOLDFAST` (`DATABASES`, `MAX_AGE` and others) names an alias that does not exist |
| `holdfast.E009` | `HOLDFAST["DATABASES"]` names an engine that cannot be backed up |
| `holdfast.E010` | `BACKUP_ENCRYPTION_KEY` is set, and backups are not encrypted |
| `holdfast.E011` | an alias is too long for the name of a backup |
| `holdfast.W001` | the retention policy is empty |
| `holdfast.W002` | a database is of an engine that cannot be backed up |
| `holdfast.W003` | the default database lives in memory |
| `holdfast.W004` | others may write to the backup folder |
"""

import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 - Django's own names
from django.db import DEFAULT_DB_ALIAS, connections
from django.utils.module_loading import import_string

from holdfast import conf, databases, room
from holdfast.exceptions import UsageError
from holdfast.kinds import LONGEST_ALIAS_AND_KIND, MANUAL, PRE_MIGRATE, PRE_RESTORE

CHECK_TAG = "holdfast"


def check_settings(**_kwargs: Any) -> list[CheckMessage]:
    """Give everything that would stop a backup, or make one less than it seems."""
    found: list[CheckMessage] = [
        Error(problem.message, hint=problem.hint, id=f"holdfast.{problem.code}") for problem in conf.problems()
    ]
    if conf.expects_encryption():
        found.append(
            Error(
                "BACKUP_ENCRYPTION_KEY is set, and this version of Holdfast does not encrypt backups.",
                hint="Take it out of the environment, and keep backups where they are encrypted: on an encrypted disk, "
                'or in a store with "ENCRYPTION".',
                id="holdfast.E010",
            ),
        )
    try:
        configuration = conf.load()
    except UsageError:
        # Already in the list; there is nothing to look at until it is right.
        return found
    found.extend(_folder(configuration.directory))
    found.extend(_databases(configuration.databases))
    found.extend(_long_aliases(configuration))
    found.extend(_unknown("MAX_AGE", alias) for alias in configuration.max_age.by_alias if alias not in connections)
    found.extend(
        _unknown("EXCLUDE_TABLE_DATA", alias) for alias in configuration.exclusions.by_alias if alias not in connections
    )
    found.extend(_pre_migrate(configuration))
    found.extend(_schedule(configuration))
    if configuration.retention.is_empty:
        found.append(
            Warning(
                "The retention policy is empty.",
                hint='cleanup_backups refuses it; give HOLDFAST["RETENTION"] one rule above 0.',
                id="holdfast.W001",
            ),
        )
    return found


def _pre_migrate(configuration: conf.Configuration) -> Iterator[CheckMessage]:
    stores = [store.name for store in configuration.stores]
    for name in configuration.pre_migrate.upload:
        if name not in stores:
            yield Error(
                f"HOLDFAST['PRE_MIGRATE'] uploads to {name!r}, which is not in HOLDFAST['STORES'].",
                hint=f"Known are: {', '.join(stores) or 'none'}; migrate would stop there.",
                id="holdfast.E004",
            )
    policy = configuration.pre_migrate.policy
    if "." in policy:
        yield from _import("HOLDFAST['PRE_MIGRATE'] names the policy", policy, "migrate would stop there")


def _schedule(configuration: conf.Configuration) -> Iterator[CheckMessage]:
    named = dict.fromkeys(alias for entry in configuration.schedule.entries for alias in entry.databases or ())
    yield from (_unknown("SCHEDULE", alias) for alias in named if alias not in connections)
    for path in configuration.drill_checks:
        yield from _import("HOLDFAST['DRILL_CHECKS'] names", path, "every drill would tell of a check that fails")


def _import(who_names: str, path: str, consequence: str) -> Iterator[CheckMessage]:
    try:
        import_string(path)
    except ImportError as error:
        yield Error(
            f"{who_names} {path!r}, which cannot be imported: {error}",
            hint=f"Look at its spelling; {consequence}.",
            id="holdfast.E004",
        )


def _folder(directory: Path) -> Iterator[CheckMessage]:
    for name in ("MEDIA_ROOT", "STATIC_ROOT"):
        root = getattr(settings, name, None)
        if root and directory.resolve().is_relative_to(Path(root).resolve()):
            yield Error(
                f"The backup folder {directory} is inside {name}: a web server may give backups to anybody.",
                hint='Set HOLDFAST["DIRECTORY"] to a folder that no server shows.',
                id="holdfast.E006",
            )
    existing = room.standing(directory)
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        cannot = "is not a folder" if not existing.is_dir() else "cannot be written by this user"
        yield Error(
            f"The backup folder {directory} cannot be used: {existing} {cannot}.",
            hint='Change its owner or rights, or set HOLDFAST["DIRECTORY"] to another folder.',
            id="holdfast.E007",
        )
    elif existing == directory and directory.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        yield Warning(
            f"Others may write to the backup folder {directory}: what they put there could be restored as a backup.",
            hint=f"Run `chmod go-w {shlex.quote(str(directory))}`; give each user that makes backups a folder.",
            id="holdfast.W004",
        )


def _unknown(key: str, alias: str) -> CheckMessage:
    return Error(
        f'HOLDFAST["{key}"] names {alias!r}, which is not in DATABASES.',
        hint=f"Choose among: {', '.join(connections)}.",
        id="holdfast.E008",
    )


def _long_aliases(configuration: conf.Configuration) -> Iterator[CheckMessage]:
    """Look now: a restore that cannot make its safety backup would be the first to say so."""
    kinds = {MANUAL, PRE_RESTORE, PRE_MIGRATE, *(entry.kind for entry in configuration.schedule.backups)}
    longest = LONGEST_ALIAS_AND_KIND - max(map(len, kinds))
    for alias in databases.all_aliases(configuration.databases):
        if len(os.fsencode(alias)) > longest:
            yield Error(
                f"The alias {alias!r} in DATABASES is too long for the name of a backup.",
                hint=f"Give it a name of no more than {longest} bytes.",
                id="holdfast.E011",
            )


def _databases(chosen: tuple[str, ...] | None) -> Iterator[CheckMessage]:
    for alias in chosen or ():
        if alias not in connections:
            yield _unknown("DATABASES", alias)
        elif connections[alias].vendor not in databases.ENGINES:
            yield Error(
                f'HOLDFAST["DATABASES"] names {alias!r}, whose engine {connections[alias].vendor!r} is not supported.',
                hint="Holdfast backs up PostgreSQL and SQLite.",
                id="holdfast.E009",
            )
    if chosen is None:
        for alias in databases.unsupported_aliases():
            yield Warning(
                f"Database {alias!r} is not backed up: Holdfast does not support {connections[alias].vendor}.",
                hint='Back it up by other means, and name the others in HOLDFAST["DATABASES"].',
                id="holdfast.W002",
            )
    if databases.is_in_memory(connections[DEFAULT_DB_ALIAS]) and DEFAULT_DB_ALIAS in databases.all_aliases(chosen):
        yield Warning(
            "The default database lives in memory and cannot be backed up.",
            hint="Give it a file in DATABASES if its content matters.",
            id="holdfast.W003",
        )
