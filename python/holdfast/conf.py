"""The only reader of Django's settings and of the environment.

Nothing is read before `load` or `problems` is called, and nothing is kept: `override_settings` works. A setting
beats the environment, the environment beats the default, for each key and each retention rule on its own.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from django.conf import settings

from holdfast.compression import Compression
from holdfast.exceptions import UsageError
from holdfast.retention import Retention

_RETENTION_VARIABLES = {
    "daily": "BACKUP_RETENTION_DAILY",
    "weekly": "BACKUP_RETENTION_WEEKLY",
    "monthly": "BACKUP_RETENTION_MONTHLY",
    "days": "BACKUP_RETENTION_DAYS",
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


@dataclass(frozen=True)
class Problem:
    """Something wrong with the settings; `code` is that of the system check."""

    code: str
    message: str
    hint: str


class _Refused(Exception):
    """Carries a problem out of a reader; never leaves this module."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.problem = Problem(code, message, hint)


def load() -> Configuration:
    """Give the configuration, or a UsageError with the first thing that is wrong."""
    values, found = _read()
    if found:
        raise UsageError(found[0].message, found[0].hint)
    return Configuration(**values)


def problems() -> list[Problem]:
    """Give everything that is wrong with the settings and the environment."""
    return _read()[1]


def _read() -> tuple[dict[str, Any], list[Problem]]:
    given = getattr(settings, "HOLDFAST", {})
    if not isinstance(given, Mapping):
        problem = Problem(
            "E001",
            f"HOLDFAST is a {type(given).__name__}, not a dictionary.",
            'Write HOLDFAST = {"DIRECTORY": BASE_DIR / "backups"}, or leave it out.',
        )
        return {}, [problem]
    found = [_unknown(f"HOLDFAST[{key!r}]", key, _READERS).problem for key in given if key not in _READERS]
    values: dict[str, Any] = {}
    for key, (name, reader) in _READERS.items():
        try:
            values[name] = reader(given.get(key))
        except _Refused as refusal:
            found.append(refusal.problem)
    return values, found


def _unknown(what: str, key: object, known: Iterable[str]) -> _Refused:
    by_folded = {name.casefold(): name for name in known}
    close = get_close_matches(str(key).casefold(), by_folded, n=1)
    hint = f"Did you mean {by_folded[close[0]]!r}?" if close else f"Known are: {', '.join(known)}."
    return _Refused("E002", f"{what} is not a setting of Holdfast.", hint)


def _wrong_type(key: str, value: object, wanted: str) -> _Refused:
    return _Refused("E003", f"HOLDFAST[{key!r}] is a {type(value).__name__}.", f"It must be {wanted}.")


def _whole(key: str, value: object, wanted: str, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong_type(key, value, wanted)
    if value < least:
        raise _Refused("E004", f"HOLDFAST[{key!r}] holds {value}.", f"Nothing below {least} makes sense.")
    return value


def _directory(value: object) -> Path:
    value = value or os.environ.get("BACKUP_DIR")
    if not value:
        return Path(getattr(settings, "BASE_DIR", None) or Path.cwd()).absolute() / "backups"
    if not isinstance(value, str | os.PathLike):
        raise _wrong_type("DIRECTORY", value, "a path")
    return Path(value).expanduser().absolute()


def _databases(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list | tuple) or not all(isinstance(alias, str) for alias in value):
        raise _wrong_type("DATABASES", value, 'a list of aliases, such as ["default"]')
    if not value:
        raise _Refused("E004", "HOLDFAST['DATABASES'] is empty.", "Name an alias, or leave the key out for all.")
    return tuple(value)


def _compression(value: object) -> Compression:
    if value is None:
        return Compression()
    if not isinstance(value, str):
        raise _wrong_type("COMPRESSION", value, 'a text, such as "gzip" or "zstd:3"')
    try:
        return Compression.parse(value)
    except ValueError as error:
        raise _Refused("E004", f"HOLDFAST['COMPRESSION']: {error}.", 'Write "gzip" or "zstd:3".') from error


def _jobs(value: object) -> int | None:
    if value in (None, "auto"):
        return None
    return _whole("JOBS", value, '"auto" or a whole number', least=1)


def _lock_timeout(value: object) -> float:
    if value is None:
        return 10.0
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong_type("LOCK_TIMEOUT", value, "a number of seconds")
    if not 0 < value <= 86_400:  # noqa: PLR2004 - a day; also refuses infinity and not-a-number
        raise _Refused("E004", f"HOLDFAST['LOCK_TIMEOUT'] is {value}.", "It must be more than 0 and at most 86400.")
    return float(value)


def _rate_limit(value: object) -> int | None:
    if value is None:
        return None
    return _whole("RATE_LIMIT", value, "a whole number of bytes a second, or None", least=1)


def _retention(value: object) -> Retention:
    value = {} if value is None else value
    if not isinstance(value, Mapping):
        raise _wrong_type("RETENTION", value, 'a dictionary, such as {"daily": 30}')
    rules = Retention.rules()
    for rule in value:
        if rule not in rules:
            raise _unknown(f"HOLDFAST['RETENTION'][{rule!r}]", rule, rules)
    return Retention().overridden({rule: _count(rule, value.get(rule)) for rule in rules})


def _count(rule: str, value: object) -> int | None:
    if value is None:
        return _count_from_environment(_RETENTION_VARIABLES.get(rule))
    return _whole("RETENTION", value, f"a dictionary of whole numbers, and {rule!r} is none", least=0)


def _count_from_environment(variable: str | None) -> int | None:
    text = os.environ.get(variable, "").strip() if variable else ""
    if not text:
        return None
    if not text.isascii() or not text.isdigit():
        raise _Refused("E005", f"The environment has {variable}={text!r}.", "It must be a whole number, 0 or more.")
    return int(text)


_READERS: dict[str, tuple[str, Callable[[object], object]]] = {
    "DIRECTORY": ("directory", _directory),
    "DATABASES": ("databases", _databases),
    "COMPRESSION": ("compression", _compression),
    "JOBS": ("jobs", _jobs),
    "RETENTION": ("retention", _retention),
    "LOCK_TIMEOUT": ("lock_timeout_seconds", _lock_timeout),
    "RATE_LIMIT": ("rate_limit", _rate_limit),
}
