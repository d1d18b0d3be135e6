"""What a kind of backup may be called, and the kind that has a meaning of its own."""

import re

# Made by a restore of what it overwrites: the state that was not wanted.
PRE_RESTORE = "pre-restore"

_KIND = re.compile(r"[a-z][a-z0-9-]{0,30}")


def is_kind(text: str) -> bool:
    """Tell whether this can be a kind of backup."""
    return _KIND.fullmatch(text) is not None
