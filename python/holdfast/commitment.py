"""Whether the work has passed the point from which it cannot be taken back; signal handlers ask.

An exception raised after that point would end a command with "nothing was changed", which would be a lie.
"""

import sys

_done = False
_wish: type[KeyboardInterrupt] | None = None
_asked = False


class Ended(KeyboardInterrupt):
    """SIGTERM: no person, but the machine has ended the program; perhaps it does so every night."""


def record() -> None:
    """Remember that this process has changed a live SQLite database."""
    global _done  # noqa: PLW0603 - signals belong to the process, and so does the answer to them
    _done = True


def begin() -> None:
    """Begin a command: nobody has asked it to stop yet."""
    global _asked  # noqa: PLW0603
    _asked = False
    forget()


def forget() -> None:
    """Begin something new."""
    global _done, _wish
    _done, _wish = False, None
    core = sys.modules.get("holdfast._core")
    if core is not None:
        core.forget_run()


def go_on() -> None:
    """Begin the next part; a wish to stop that came too late for the last one is in time for this."""
    global _wish
    wish, _wish = _wish, None
    forget()
    if wish:
        raise wish


def obey() -> None:
    """Begin the next of many parts, unless somebody has asked to stop since the command began.

    What was done when the wish came may have swallowed it: a backup that is finished says so.
    """
    go_on()
    if _asked:
        raise KeyboardInterrupt


def stop(wish: type[KeyboardInterrupt] = KeyboardInterrupt) -> None:
    """Raise what ends the work, or keep the wish for the next part where this one is done already."""
    global _wish, _asked  # noqa: PLW0603
    _asked = True
    if not has_begun():
        raise wish
    _wish = wish


def has_begun() -> bool:
    """Tell whether it is too late to stop what runs, or what has just ended."""
    core = sys.modules.get("holdfast._core")
    return _done or (core is not None and bool(core.is_committing()))
