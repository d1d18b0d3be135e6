"""Whether the work has passed the point from which it cannot be taken back; signal handlers ask.

An exception raised after that point would end a command with "nothing was changed", which would be a lie.
"""

import sys

_done = False


def record() -> None:
    """Remember that this process has changed a live SQLite database."""
    global _done  # noqa: PLW0603 - signals belong to the process, and so does the answer to them
    _done = True


def forget() -> None:
    """Begin something new."""
    global _done  # noqa: PLW0603
    _done = False
    core = sys.modules.get("holdfast._core")
    if core is not None:
        core.forget_run()


def has_begun() -> bool:
    """Tell whether it is too late to stop what runs, or what has just ended."""
    core = sys.modules.get("holdfast._core")
    return _done or (core is not None and bool(core.is_committing()))
