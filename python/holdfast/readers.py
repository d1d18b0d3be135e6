"""What readers of settings share: how a value is refused, whole numbers, lengths of time."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches

# Shorter ones can be guessed.
TOKEN_LENGTH = 16
MAKE_ONE = "Make one: python -c 'import secrets; print(secrets.token_urlsafe())'"

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


@dataclass(frozen=True)
class Problem:
    """Something wrong with the settings; `code` is that of the system check."""

    code: str
    message: str
    hint: str


class Refused(Exception):
    """Carries a problem from a reader to `conf`; nobody else sees it."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        """Keep the problem as the system check shows it."""
        super().__init__(message)
        self.problem = Problem(code, message, hint)


def unknown(what: str, key: object, known: Iterable[str]) -> Refused:
    """Refuse a key that nobody reads, and name the nearest one that somebody does."""
    by_folded = {name.casefold(): name for name in known}
    close = get_close_matches(str(key).casefold(), by_folded, n=1)
    hint = f"Did you mean {by_folded[close[0]]!r}?" if close else f"Known are: {', '.join(by_folded.values())}."
    return Refused("E002", f"{what} is not a setting of Holdfast.", hint)


def refuse_unknown(where: str, given: Iterable[object], known: Collection[str]) -> None:
    """Refuse the first key that nobody reads, of a dictionary whose whole name is `where`."""
    for key in given:
        if key not in known:
            raise unknown(f"{where}[{key!r}]", key, known)


def place(key: str) -> str:
    """Name a setting; one inside of another comes with its whole name: `HOLDFAST['STORES']['offsite']`."""
    return key if key.startswith("HOLDFAST[") else f"HOLDFAST[{key!r}]"


def wrong_type(key: str, value: object, wanted: str) -> Refused:
    """Refuse a value by its type; the value itself may be a secret."""
    return Refused("E003", f"{place(key)} is a {type(value).__name__}.", f"It must be {wanted}.")


def whole(key: str, value: object, wanted: str, least: int) -> int:
    """Give a whole number that is not below `least`."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong_type(key, value, wanted)
    if value < least:
        raise Refused("E004", f"{place(key)} holds {value}.", f"Nothing below {least} makes sense.")
    return value


def flag(key: str, value: object, *, default: bool) -> bool:
    """Give True or False."""
    if value is None:
        return default
    if not isinstance(value, bool):
        raise wrong_type(key, value, "True or False")
    return value


def token(key: str, value: object) -> str | None:
    """Give a secret that is long enough to be one; a message never holds it."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise wrong_type(key, value, "a text")
    if len(value) < TOKEN_LENGTH:
        complaint = f"{place(key)} has fewer than {TOKEN_LENGTH} characters and could be guessed."
        raise Refused("E004", complaint, MAKE_ONE)
    return value


def duration(key: str, value: object) -> timedelta:
    """Give a length of time above zero out of a timedelta or a text such as "26h", "8d" or "1d12h"."""
    if isinstance(value, timedelta):
        length = value
    elif not isinstance(value, str):
        raise wrong_type(key, value, 'a length of time, such as "26h" or timedelta(hours=26)')
    elif not re.fullmatch(r"(\d{1,6}[smhdw])+", value, re.ASCII):
        hint = 'Write numbers with s, m, h, d or w: "90m", "26h", "8d", "1d12h".'
        raise Refused("E004", f"{place(key)}: {value!r} is no length of time.", hint)
    else:
        parts = re.findall(r"(\d+)([smhdw])", value)
        length = timedelta(seconds=sum(int(number) * _SECONDS[unit] for number, unit in parts))
    if length <= timedelta(0):
        raise Refused("E004", f"{place(key)} holds {value!r}.", "It must be more than nothing.")
    return length
