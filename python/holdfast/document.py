"""The base of what operations give back; small, because every start of Django imports it with the settings."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any


class Document:
    """Base of everything that operations give back."""

    def as_dict(self) -> dict[str, Any]:
        """Give everything as values that JSON knows."""
        return {name: _plain(value) for name, value in asdict(self).items()}  # type: ignore[call-overload]


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value
