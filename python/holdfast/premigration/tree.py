"""Which processes migrate in one go: those of one process group.

A script, `make`, a container and a pool of workers share a group with all that they start; a command that somebody
types has one of its own. Why not parents, sessions or a variable: docs/decisions/0032-one-backup-for-one-deployment.md.
"""

import os
import platform
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")


def identity() -> str:
    """Name the group unlike any other, on whatever machine or container that shares the folder of the backups."""
    # 0 where whoever leads the group is outside of this container.
    group = os.getpgrp() or os.getpid()
    return "/".join((platform.node(), _boot(), _namespace(), str(group), _start(group)))


def _boot() -> str:
    with suppress(OSError):
        return (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    return ""


def _namespace() -> str:
    with suppress(OSError):
        return str((_PROC / "self/ns/pid").readlink())
    return ""


def _start(process: int) -> str:
    """Tell when it began, since numbers are used again; nothing where it has ended, or the system does not say."""
    with suppress(OSError, IndexError):
        # The name may hold spaces and parentheses. proc(5): the start is field 22, the state behind the name field 3.
        return (_PROC / str(process) / "stat").read_text().rpartition(")")[2].split()[19]
    return ""
