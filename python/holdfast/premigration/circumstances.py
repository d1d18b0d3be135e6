"""What Django is doing while it sends `pre_migrate`: the signal itself does not tell.

Why frames are looked at: docs/decisions/0020-what-migrate-does.md. What is not found costs a backup too many, never one
too few.
"""

import inspect
from collections.abc import Iterator, Mapping
from types import CodeType, FrameType
from typing import Any

from django.core.management.base import BaseCommand
from django.core.management.commands import migrate
from django.db.backends.base.creation import BaseDatabaseCreation
from django.test import utils


def command() -> BaseCommand | None:
    """Give the outermost command that runs: `migrate` itself, or the one that migrates one schema after the other."""
    found = None
    for frame in _frames():
        if frame.f_code is BaseCommand.execute.__code__:
            found = frame.f_locals.get("self")
    return found


def run() -> object | None:
    """Give the innermost `migrate` that runs."""
    return _of_migrate().get("self")


def is_fake() -> bool:
    """Tell whether the innermost `migrate` that runs was told `--fake`, by whatever way it was called."""
    return bool(_of_migrate().get("options", {}).get("fake"))


def is_test() -> bool:
    """Tell whether this is a test, or whether a test database is being made (`testserver` does without tests)."""
    # Set by `setup_test_environment`, which every test runner calls.
    if hasattr(utils._TestState, "saved_data"):
        return True
    return any(frame.f_code is _code_of_creation() for frame in _frames())


def _of_migrate() -> Mapping[str, Any]:
    for frame in _frames():
        if frame.f_globals.get("__name__") == migrate.__name__ and frame.f_code.co_name == "handle":
            return frame.f_locals
    return {}


def _code_of_creation() -> CodeType:
    return BaseDatabaseCreation.create_test_db.__code__


def _frames() -> Iterator[FrameType]:
    frame = inspect.currentframe()
    while frame is not None:
        yield frame
        frame = frame.f_back
