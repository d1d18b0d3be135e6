"""Checks the audit log: whether each line is what was written behind the one before."""

from dataclasses import dataclass
from pathlib import Path

from holdfast import conf
from holdfast.document import Document
from holdfast.exceptions import HoldfastError
from holdfast.history import audit


@dataclass(frozen=True)
class AuditReport(Document):
    """What a walk along the chain has found."""

    path: Path
    # How many lines hold.
    lines: int
    ok: bool
    # The first line that does not hold, counted from 1; None also where there is no log.
    broken_line: int | None
    problem: str
    # Lines that were cut off when their writer was killed; that is no sign of a forgery.
    notes: tuple[str, ...]
    # Kept elsewhere, it proves later that nothing was cut from the end.
    last_hash: str


def check_audit() -> AuditReport:
    """Walk the whole chain of the audit log; a broken one is a report with `ok=False`, not an exception."""
    folder = conf.load().directory
    path = folder / audit.FILE_NAME
    walk = _Walk()
    try:
        for number, text in enumerate(audit.lines(folder), start=1):
            if not walk.goes_on(number, text):
                break
        walk.end()
    except FileNotFoundError:
        walk.problem = f"there is no {path}; the first run begins one"
    except OSError as error:
        raise HoldfastError(f"{path}: {error.strerror or error}", "Look at the rights of the file.") from error
    return AuditReport(
        path=path,
        lines=walk.lines,
        ok=not walk.problem,
        broken_line=walk.broken_line,
        problem=walk.problem,
        notes=tuple(walk.notes),
        last_hash=walk.previous,
    )


class _Walk:
    def __init__(self) -> None:
        self.previous = audit.BEGINNING
        self.lines = 0
        self.broken_line: int | None = None
        self.problem = ""
        self.notes: list[str] = []
        # An unreadable line, which the next one may own up to.
        self._fragment: tuple[int, bytes] | None = None

    def goes_on(self, number: int, text: bytes) -> bool:
        record = audit.parsed(text)
        if record is None and self._fragment is None:
            self._fragment = (number, text)
            return True
        if self._fragment is not None:
            at, fragment = self._fragment
            if text != audit.line(audit.cut_off(fragment.rstrip(b"\n")), self.previous):
                return self._broken(at, "cannot be read")
            self.notes.append(f"line {at} was cut off: the run that wrote it was killed")
            self._fragment = None
        elif record is not None and not audit.holds(text, record, self.previous):
            return self._broken(number, "does not follow the line before it")
        self.previous = record["hash"] if record else self.previous
        self.lines += 1
        return True

    def end(self) -> None:
        if self._fragment is None:
            return
        at, fragment = self._fragment
        if fragment.endswith(b"\n"):
            self._broken(at, "cannot be read")
        else:
            self.notes.append(f"line {at}, the last one, is cut off: the run that wrote it was killed")

    def _broken(self, number: int, what: str) -> bool:
        self._fragment = None
        self.broken_line = number
        self.problem = f"line {number} {what}: it was changed, or lines were put in or cut out there"
        return False
