"""What a kind of backup may be called, and the kinds that have a meaning of their own."""

import re

# Made by hand, or by whatever calls `backup_db` and names no kind.
MANUAL = "manual"
# Made by a restore of what it overwrites: the state that was not wanted.
PRE_RESTORE = "pre-restore"

# Made before a migration.
PRE_MIGRATE = "pre-migrate"
# Made by whatever calls `backup_db --type` by the clock.
BY_THE_CLOCK = frozenset({"hourly", "daily", "weekly", "monthly"})

# Bytes of an alias and a kind that fit into the name of a file with all that stands beside it (`src/store/name.rs`).
LONGEST_ALIAS_AND_KIND = 204

_KIND = re.compile(r"[a-z][a-z0-9-]{0,30}")


def is_kind(text: str) -> bool:
    """Tell whether this can be a kind of backup."""
    return _KIND.fullmatch(text) is not None
