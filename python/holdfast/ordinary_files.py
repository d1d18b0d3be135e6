"""Small files beside the backups: ordinary ones, and nothing that only has the name of one.

Where others may write to the folder, a FIFO would keep its reader waiting for ever, and a link would have us overwrite
what somebody else has chosen.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def opened(path: Path, flags: int) -> int:
    """Give the descriptor of an ordinary file, which no program that is started has; what is new is its owner's alone.

    OSError: it cannot be opened, or is a link, a FIFO, a folder, a device.
    """
    descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY, 0o600)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no ordinary file", str(path))
    return descriptor


@contextmanager
def held_open(path: Path) -> Iterator[int]:
    """Give the descriptor of a file for a while; it is made where it is missing."""
    descriptor = opened(path, os.O_RDWR | os.O_CREAT)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def content(path: Path, most: int) -> bytes:
    """Give all of it; OSError also where it has more than so many bytes."""
    with os.fdopen(opened(path, os.O_RDONLY), "rb") as file:
        text = file.read(most + 1)
    if len(text) > most:
        raise OSError(errno.EFBIG, f"it has more than {most} bytes", str(path))
    return text


def replace(path: Path, text: str) -> None:
    """Put a new file in its place, whole and on the disk when this returns; the caller keeps others from doing it."""
    partial = path.with_name(f"{path.name}.partial")
    with suppress(FileNotFoundError):
        # Of somebody who was killed; or a link, which would be written through.
        partial.unlink()
    with os.fdopen(opened(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
