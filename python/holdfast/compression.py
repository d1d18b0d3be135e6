"""How a backup is compressed, as people write it: `gzip`, `gzip:6`, `zstd`, `zstd:3`."""

from dataclasses import dataclass
from typing import Any, Self

from holdfast.readers import Refused, wrong_type

# Name: (default level, highest level). gzip comes from libdeflate, whose first level is smaller than the first of
# zlib at less than half the time; its third is another twentieth smaller, for twice the time. zstd's first level is
# faster still and smaller than gzip's; its third is another twentieth smaller, for half as much time again.
_LEVELS = {"gzip": (1, 12), "zstd": (1, 19)}


@dataclass(frozen=True)
class Compression:
    """A codec with its level."""

    name: str = "gzip"
    level: int = _LEVELS["gzip"][0]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what somebody wrote; a ValueError says what is wrong with it.

        >>> Compression.parse("zstd:9")
        Compression(name='zstd', level=9)
        """
        name, colon, level = text.partition(":")
        if name not in _LEVELS:
            raise ValueError(f"{text!r} is no compression that Holdfast knows; choose gzip or zstd")
        default, highest = _LEVELS[name]
        if not colon:
            return cls(name, default)
        if not level.isascii() or not level.isdigit() or not 1 <= int(level) <= highest:
            raise ValueError(f"{text!r} has no valid level; {name} goes from {name}:1 to {name}:{highest}")
        return cls(name, int(level))

    def as_dict(self) -> dict[str, Any]:
        """Give it as a plan holds it."""
        return {"name": self.name, "level": self.level}


def read_compression(value: object) -> Compression:
    """Read `HOLDFAST["COMPRESSION"]`."""
    if value is None:
        return Compression()
    if not isinstance(value, str):
        raise wrong_type("COMPRESSION", value, 'a text, such as "gzip" or "zstd:3"')
    try:
        return Compression.parse(value)
    except ValueError as error:
        raise Refused("E004", f"HOLDFAST['COMPRESSION']: {error}.", 'Write "gzip" or "zstd:3".') from error
