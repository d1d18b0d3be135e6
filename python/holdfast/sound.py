"""Whether a value that was read from a file is one that we could have written there.

Whoever sorts, stores, adds up or shows what was read would otherwise fail far from the file that is to blame.
"""

from datetime import MAXYEAR, UTC, datetime

# Seconds; tens of thousands of years, and a number that every database and monitor takes.
_AGES = 1e12


def is_text(value: object) -> bool:
    """Tell whether it is a text."""
    return isinstance(value, str)


def is_moment(value: object) -> bool:
    """Tell whether it is a moment of any zone that can be told in UTC, which the first and last hours cannot."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        return moment is not None and moment.tzinfo is not None and 1 < moment.astimezone(UTC).year < MAXYEAR
    except (ValueError, OverflowError):
        return False


def is_count(value: object) -> bool:
    """Tell whether a column of 64 bits takes it."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63


def is_duration(value: object) -> bool:
    """Tell whether it is a number of seconds that may have passed."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _AGES
