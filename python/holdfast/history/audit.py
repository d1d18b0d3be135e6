"""The audit log: one JSON line for each thing that happened, each chained to the line before by its hash.

A line's hash is SHA-256 over the hash of the line before and the canonical JSON of the rest of the line, so whoever
changes, cuts out or puts in a line has to rewrite all that follow. Lines are only ever appended, under a lock.
A line that was cut off when its writer was killed stays; the next writer owns up to it in a line of its own.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from holdfast import ordinary_files
from holdfast.folder import prepare
from holdfast.visible import logger_of
from holdfast.waiting import lock

logger = logger_of("holdfast")

FILE_NAME = "audit.jsonl"
BEGINNING = "0" * 64
# Many times the longest line; what was logged last is found without reading a log of years.
_TAIL_BYTES = 64 * 1024

Record = dict[str, Any]


def append(folder: Path, record: Mapping[str, Any]) -> None:
    """Add one line; it is on the disk when this returns, and not there at all when it raises OSError."""
    prepare(folder)
    descriptor = ordinary_files.opened(folder / FILE_NAME, os.O_RDWR | os.O_CREAT | os.O_APPEND)
    try:
        lock(descriptor)
        size = os.fstat(descriptor).st_size
        text, previous = _continued(os.pread(descriptor, _TAIL_BYTES, max(0, size - _TAIL_BYTES)))
        text += line(record, previous)
        if os.write(descriptor, text) != len(text):
            os.ftruncate(descriptor, size)
            raise OSError(28, os.strerror(28), str(folder / FILE_NAME))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def line(record: Mapping[str, Any], previous: str) -> bytes:
    """Give a record as its line in the log, behind the line of this hash."""
    content = _canonical(record)
    sealed = {**record, "hash": hashlib.sha256(previous.encode() + content).hexdigest()}
    return _canonical(sealed) + b"\n"


def parsed(text: bytes) -> Record | None:
    """Read a line; None is one that nobody could have written whole."""
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and isinstance(record.get("hash"), str) else None


def holds(text: bytes, record: Mapping[str, Any], previous: str) -> bool:
    """Tell whether a line is what was written behind the line of this hash, to the byte."""
    return text.rstrip(b"\n") + b"\n" == line({key: record[key] for key in record if key != "hash"}, previous)


def cut_off(fragment: bytes) -> Record:
    """Give the record by which a writer owns up to a line that was cut off before it came."""
    return {"event": "cut off", "sha256": hashlib.sha256(fragment).hexdigest()}


def lines(folder: Path) -> Iterator[bytes]:
    """Give every line, the oldest first, and one without an end in pieces; OSError where no log can be read."""
    with _reading(folder) as file:
        while text := file.readline(_TAIL_BYTES):
            yield text


def records(folder: Path) -> Iterator[Record]:
    """Give every readable record, the oldest first; nothing where there is no log."""
    try:
        yield from filter(None, map(parsed, lines(folder)))
    except OSError as error:
        _excuse(folder, error)


def latest(folder: Path) -> tuple[list[Record], bool]:
    """Give what was logged last, the oldest first, and whether that is everything."""
    try:
        with _reading(folder) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL_BYTES))
            # The first line of a part is seldom a whole one.
            last = file.read(_TAIL_BYTES).splitlines()[0 if size <= _TAIL_BYTES else 1 :]
    except OSError as error:
        _excuse(folder, error)
        return [], True
    return [record for record in map(parsed, last) if record], size <= _TAIL_BYTES


def _reading(folder: Path) -> BinaryIO:
    return os.fdopen(ordinary_files.opened(folder / FILE_NAME, os.O_RDONLY), "rb")


def _excuse(folder: Path, error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        logger.warning("%s cannot be read, and counts as empty: %s", folder / FILE_NAME, error.strerror or error)


def _continued(tail: bytes) -> tuple[bytes, str]:
    """Give what has to be written before the next line, and the hash that the next line follows."""
    whole, _, fragment = tail.rpartition(b"\n")
    previous = _hash_of(whole.rpartition(b"\n")[2]) if whole else BEGINNING
    if not fragment:
        return b"", previous
    record = parsed(fragment)
    if record is not None and holds(fragment, record, previous):
        return b"\n", record["hash"]
    confession = line(cut_off(fragment), previous)
    return b"\n" + confession, _hash_of(confession)


def _hash_of(text: bytes) -> str:
    # What follows an unreadable line is chained to its bytes: the check finds that line for ever.
    record = parsed(text)
    return record["hash"] if record else hashlib.sha256(text).hexdigest()


def _canonical(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, sort_keys=True, separators=(",", ":")).encode()
