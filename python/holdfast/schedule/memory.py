"""What was done and may have left no backup: `.schedule.json` beside the backups.

It is never the only word. Without it, or where it cannot be read, one backup more is made than was needed; and what it
says of a backup is not believed where no good backup is left to stand for it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, TypeGuard

from holdfast import clock, ordinary_files
from holdfast.sound import is_count, is_duration, is_moment, is_text
from holdfast.visible import logger_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_logger = logger_of(__name__)

NAME = ".schedule.json"
# Bytes; some hundred databases.
_LARGEST = 4 << 20


@dataclass(frozen=True)
class Done:
    """Something that was done; times are RFC 3339, UTC."""

    at: str
    # The time of the backup that was made, found unchanged, or restored for a trial.
    backup_of: str
    # Its name.
    backup: str
    # The server's count of changed rows before it, where there is one.
    changes: int | None = None
    # Of a drill: how long the restore took, and what was wrong.
    seconds: float | None = None
    problems: tuple[str, ...] = ()


class Memory:
    """The file; only the holder of the lease writes it."""

    def __init__(self, folder: Path) -> None:
        """Read it, where it is there."""
        self._path = folder / NAME
        self._done: dict[str, dict[str, Done]] = {}
        try:
            document = json.loads(ordinary_files.content(self._path, _LARGEST))
        except (FileNotFoundError, ValueError, RecursionError):
            # Written by hand or by another version: the next record replaces it.
            return
        except OSError as error:
            _logger.warning("%s cannot be read, and counts as empty: %s", self._path, error.strerror or error)
            return
        for alias, kind, known in _entries(document):
            if _is_sound(known):
                self._done.setdefault(alias, {})[kind] = Done(**{**known, "problems": tuple(known["problems"])})

    def done(self, alias: str, kind: str) -> Done | None:
        """Give what is known about the last time."""
        return self._done.get(alias, {}).get(kind)

    def record(self, alias: str, kind: str, done: Done) -> None:
        """Remember it in the file, at once and whole."""
        self._done.setdefault(alias, {})[kind] = done
        document = {
            "written": clock.now().isoformat(timespec="seconds"),
            "done": {name: {of: asdict(known) for of, known in kinds.items()} for name, kinds in self._done.items()},
        }
        ordinary_files.replace(self._path, json.dumps(document, indent=1))


def _entries(document: object) -> Iterator[tuple[str, str, object]]:
    done = document.get("done") if isinstance(document, dict) else None
    for alias, kinds in done.items() if isinstance(done, dict) else ():
        for kind, known in kinds.items() if isinstance(kinds, dict) else ():
            yield alias, kind, known


def _is_sound(known: object) -> TypeGuard[dict[str, Any]]:
    if not isinstance(known, dict) or known.keys() != {field.name for field in fields(Done)}:
        return False
    return (
        is_moment(known["at"])
        and is_moment(known["backup_of"])
        and is_text(known["backup"])
        and (known["changes"] is None or is_count(known["changes"]))
        and (known["seconds"] is None or is_duration(known["seconds"]))
        and isinstance(known["problems"], list)
        and all(map(is_text, known["problems"]))
    )
