"""What was done and may have left no backup: `.schedule.json` beside the backups.

It is never the only word. Without it, or where it cannot be read, one backup more is made than was needed; and what it
says of a backup is not believed where no good backup is left to stand for it.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from holdfast import clock

if TYPE_CHECKING:
    from pathlib import Path

NAME = ".schedule.json"


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
            document = json.loads(self._path.read_text(encoding="utf-8"))
            self._done = {
                alias: {kind: _record(known) for kind, known in kinds.items()}
                for alias, kinds in document["done"].items()
            }
        except FileNotFoundError:
            pass
        except (ValueError, KeyError, TypeError, AttributeError):
            # Written by hand or by another version: the next record replaces it.
            self._done = {}

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
        draft = self._path.with_name(f"{NAME}.partial")
        with open(draft, "w", encoding="utf-8", opener=_private) as file:
            file.write(json.dumps(document, indent=1))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _record(known: dict[str, Any]) -> Done:
    return Done(**{**known, "problems": tuple(known["problems"])})
