"""Keeps secrets out of what is sent, stored and printed."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

_HIDDEN = "***"
# Shorter ones guard nothing, and taking them out of a text would leave no text.
_SHORTEST = 4

_IN_ADDRESS = re.compile(r"(?<=://)[^/\s@]+@")
_NAMED = re.compile(
    r"""(?ix)
        \b ( (?: \w* (?: password | passwd | passphrase | secret ) \w* | token | api[_-]?key ) ["']? \s* [=:] \s* )
        ( "[^"]*" | '[^']*' | [^\s,;&]+ )"""
)


class Secret:
    """A text that shows itself to nobody who does not ask for it by name."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        """Hide the text."""
        self._value = value

    def __repr__(self) -> str:
        """Show that there is one."""
        return f"Secret({_HIDDEN})"

    def reveal(self) -> str:
        """Give the text, for the one call that needs it."""
        return self._value


class Scrubber:
    """Takes every known secret out of a text, and whatever looks like one."""

    def __init__(self, known: Iterable[str]) -> None:
        """Know these texts; in addresses they may stand in their quoted form."""
        forms = {form for value in known for form in (value, quote(value, safe=""))}
        # The longest first: a secret may hold another one.
        self._known = sorted((form for form in forms if len(form) >= _SHORTEST), key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Give the text without secrets."""
        for value in self._known:
            text = text.replace(value, _HIDDEN)
        text = _IN_ADDRESS.sub(f"{_HIDDEN}@", text)
        return _NAMED.sub(rf"\1{_HIDDEN}", text)

    def document(self, value: Any) -> Any:
        """Give a document of dictionaries, lists and texts without secrets."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, Mapping):
            return {name: self.document(part) for name, part in value.items()}
        if isinstance(value, list | tuple):
            return [self.document(part) for part in value]
        return value
