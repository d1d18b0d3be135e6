"""Keeps the ledger in a hidden file beside the backups, for all processes of this project."""

import json
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

from holdfast import ordinary_files
from holdfast.alarms.ledger import Entries, is_sound
from holdfast.folder import prepare
from holdfast.visible import logger_of
from holdfast.waiting import lock

_logger = logger_of(__name__)

FILE = ".holdfast-alarms.json"
LOCK = ".holdfast-alarms.lock"
# Bytes; thousands of troubles at a time.
_LARGEST = 16 << 20
_Result = TypeVar("_Result")

# What this process knows where the folder cannot be written: a full disk is a reason for an alarm, not for silence.
_remembered: dict[Path, Entries] = {}
_own_threads = threading.Lock()


def change(folder: Path, work: Callable[[Entries], _Result]) -> _Result:
    """Let `work` read and change the ledger while nobody else does."""
    with _own_threads, ExitStack() as stack:
        entries = _remembered.pop(folder, {})
        before: str | None = None
        try:
            prepare(folder)
            lock(stack.enter_context(ordinary_files.held_open(folder / LOCK)))
            stored = _read(folder / FILE)
            before = json.dumps(stored)
            entries = stored | entries
        except OSError as error:
            _complain(folder, error)
        result = work(entries)
        text = json.dumps(entries)
        if text != before:
            try:
                ordinary_files.replace(folder / FILE, text)
            except OSError as error:
                _complain(folder, error)
                _remembered[folder] = entries
        return result


def _complain(folder: Path, error: OSError) -> None:
    _logger.warning("%s: %s; an alarm may be told twice", folder / FILE, error.strerror or error)


def _read(path: Path) -> Entries:
    try:
        entries = json.loads(ordinary_files.content(path, _LARGEST))
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError):
        entries = None
    if not isinstance(entries, dict):
        _logger.warning("%s is damaged and begun anew; an alarm may be told twice", path)
        return {}
    sound = {key: entry for key, entry in entries.items() if is_sound(key, entry)}
    if len(sound) < len(entries):
        _logger.warning("%s: left out what cannot be understood; an alarm may be told twice", path)
    return sound
