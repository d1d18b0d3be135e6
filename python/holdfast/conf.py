"""The only reader of Django's settings and of the environment.

Nothing is read before `load` or `problems` is called, and nothing is kept: `override_settings` works. A setting
beats the environment, the environment beats the default, for each key and each retention rule on its own.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings

from holdfast.alarms.settings import Channel, Thresholds, read_channels, read_thresholds
from holdfast.compression import Compression, read_compression
from holdfast.exceptions import UsageError
from holdfast.exclusions import Exclusions, read_exclusions
from holdfast.premigration.settings import PreMigrate, read_pre_migrate
from holdfast.readers import Problem, Refused, flag, token, unknown, whole, wrong_type
from holdfast.retention import Retention, read_retention
from holdfast.schedule import settings as schedule_settings
from holdfast.schedule.settings import Schedule
from holdfast.stores import Store, read_stores
from holdfast.targets import Targets, read_targets
from holdfast.visible import visible

_RETENTION_VARIABLES = {
    "daily": "BACKUP_RETENTION_DAILY",
    "weekly": "BACKUP_RETENTION_WEEKLY",
    "monthly": "BACKUP_RETENTION_MONTHLY",
}


@dataclass(frozen=True)
class Configuration:
    """Everything that the project says about its backups."""

    directory: Path
    # None is every PostgreSQL and SQLite alias that is no mirror.
    databases: tuple[str, ...] | None
    compression: Compression
    # None lets the program choose.
    jobs: int | None
    retention: Retention
    lock_timeout_seconds: float
    # Uncompressed bytes a second; None is as fast as it goes.
    rate_limit: int | None
    # Beside the folder.
    stores: tuple[Store, ...]
    # How many bytes of fetched backups are kept for the next time; 0 keeps none.
    cache_size: int
    # Whether runs are also written to a table; the audit log beside the backups has them in any case.
    history: bool
    max_age: Targets
    # What a monitor without a Django user shows to see details; None lets nobody in this way.
    status_token: str | None = field(repr=False)
    # Who is told when something is wrong, and what counts as wrong.
    notify: tuple[Channel, ...]
    alarms: Thresholds
    pre_migrate: PreMigrate
    schedule: Schedule
    # Dotted paths of what the project itself checks in a drill.
    drill_checks: tuple[str, ...]
    exclusions: Exclusions
    # Roles of PostgreSQL whose code a restore may run as a superuser.
    trusted_roles: tuple[str, ...]


def load() -> Configuration:
    """Give the configuration, or a UsageError with the first thing that is wrong."""
    values, found = _read()
    if found:
        raise UsageError(found[0].message, found[0].hint)
    return Configuration(**values)


def problems() -> list[Problem]:
    """Give everything that is wrong with the settings and the environment."""
    return _read()[1]


def expects_encryption() -> bool:
    """Tell whether somebody relies on encryption, which there is none of yet. A restore must go on all the same."""
    return bool(os.environ.get("BACKUP_ENCRYPTION_KEY"))


def _read() -> tuple[dict[str, Any], list[Problem]]:
    given = getattr(settings, "HOLDFAST", {})
    if not isinstance(given, Mapping):
        problem = Problem(
            "E001",
            f"HOLDFAST is a {type(given).__name__}, not a dictionary.",
            'Write HOLDFAST = {"DIRECTORY": BASE_DIR / "backups"}, or leave it out.',
        )
        return {}, [problem]
    found = [unknown(f"HOLDFAST[{key!r}]", key, _READERS).problem for key in given if key not in _READERS]
    values: dict[str, Any] = {}
    for key, (name, reader) in _READERS.items():
        try:
            values[name] = reader(given.get(key))
        except Refused as refusal:
            found.append(refusal.problem)
    return values, found


def _directory(value: object) -> Path:
    value = value or os.environ.get("BACKUP_DIR")
    if not value:
        value = Path(getattr(settings, "BASE_DIR", None) or Path.cwd()) / "backups"
    if not isinstance(value, str | os.PathLike):
        raise wrong_type("DIRECTORY", value, "a path")
    path = Path(value).expanduser().absolute()
    if not str(path).isascii() and any("\ud800" <= character <= "\udfff" for character in str(path)):
        complaint = f"HOLDFAST['DIRECTORY'] is {visible(str(path))}, whose name is not UTF-8."
        raise Refused("E004", complaint, "Set a folder whose whole path is UTF-8; the project may stay where it is.")
    return path


def _databases(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list | tuple) or not all(isinstance(alias, str) for alias in value):
        raise wrong_type("DATABASES", value, 'a list of aliases, such as ["default"]')
    if not value:
        raise Refused("E004", "HOLDFAST['DATABASES'] is empty.", "Name an alias, or leave the key out for all.")
    return tuple(value)


def _trusted_roles(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or not all(isinstance(role, str) and role for role in value):
        raise wrong_type("TRUSTED_ROLES", value, 'a list of roles, such as ["reporting"]')
    return tuple(value)


def _jobs(value: object) -> int | None:
    if value in (None, "auto"):
        return None
    return whole("JOBS", value, '"auto" or a whole number', least=1)


def _lock_timeout(value: object) -> float:
    if value is None:
        return 10.0
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong_type("LOCK_TIMEOUT", value, "a number of seconds")
    if not 0 < value <= 86_400:  # noqa: PLR2004 - a day; also refuses infinity and not-a-number
        raise Refused("E004", f"HOLDFAST['LOCK_TIMEOUT'] is {value}.", "It must be more than 0 and at most 86400.")
    return float(value)


def _rate_limit(value: object) -> int | None:
    if value is None:
        return None
    return whole("RATE_LIMIT", value, "a whole number of bytes a second, or None", least=1)


def _cache_size(value: object) -> int:
    return 0 if value is None else whole("CACHE_SIZE", value, "a whole number of bytes", least=0)


def _retention(value: object) -> Retention:
    from_environment = {rule: _count_from_environment(variable) for rule, variable in _RETENTION_VARIABLES.items()}
    daily = {"daily": _days_from_environment("BACKUP_RETENTION_DAYS")}
    return Retention().overridden(daily).overridden(from_environment).overridden(read_retention("RETENTION", value))


def _days_from_environment(variable: str) -> int | None:
    # How many days daily backups are kept. 0 has always meant that there is no such rule, and must not mean none.
    return _count_from_environment(variable) or None


def _count_from_environment(variable: str) -> int | None:
    text = os.environ.get(variable, "").strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit():
        raise Refused("E005", f"The environment has {variable}={text!r}.", "It must be a whole number, 0 or more.")
    return int(text)


def _stores(value: object) -> tuple[Store, ...]:
    bucket = os.environ.get("BACKUP_S3_BUCKET") or os.environ.get("AWS_S3_BACKUP_BUCKET")
    if value is not None or not bucket:
        return read_stores(value)
    options = {
        "BUCKET": bucket,
        "PREFIX": os.environ.get("BACKUP_S3_PREFIX"),
        "REGION": os.environ.get("BACKUP_S3_REGION") or None,
        "RETENTION": {"daily": _days_from_environment("BACKUP_S3_RETENTION_DAYS")},
    }
    return read_stores({"s3": options})


def _pre_migrate(value: object) -> PreMigrate:
    return read_pre_migrate(value, os.environ.get("BACKUP_PRE_MIGRATE"))


_READERS: dict[str, tuple[str, Callable[[object], object]]] = {
    "DIRECTORY": ("directory", _directory),
    "DATABASES": ("databases", _databases),
    "COMPRESSION": ("compression", read_compression),
    "JOBS": ("jobs", _jobs),
    "RETENTION": ("retention", _retention),
    "LOCK_TIMEOUT": ("lock_timeout_seconds", _lock_timeout),
    "RATE_LIMIT": ("rate_limit", _rate_limit),
    "STORES": ("stores", _stores),
    "CACHE_SIZE": ("cache_size", _cache_size),
    "HISTORY": ("history", partial(flag, "HISTORY", default=True)),
    "MAX_AGE": ("max_age", read_targets),
    "STATUS_TOKEN": ("status_token", partial(token, "STATUS_TOKEN")),
    "PRE_MIGRATE": ("pre_migrate", _pre_migrate),
    "NOTIFY": ("notify", read_channels),
    "ALARMS": ("alarms", read_thresholds),
    "SCHEDULE": ("schedule", schedule_settings.read),
    "EXCLUDE_TABLE_DATA": ("exclusions", read_exclusions),
    "TRUSTED_ROLES": ("trusted_roles", _trusted_roles),
    "DRILL_CHECKS": ("drill_checks", schedule_settings.read_checks),
}
