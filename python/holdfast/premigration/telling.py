"""Tells whoever runs `migrate` what happens to the backup before it."""

from io import TextIOBase
from typing import Any

from holdfast.visible import visible_lines


class Told(TextIOBase):
    """The output of `migrate`, for sentences, and raw for a line of progress."""

    def __init__(self, stdout: Any, verbosity: int) -> None:
        """Write to what `migrate` writes to."""
        self._stdout = stdout
        self.verbosity = verbosity

    def say(self, text: str) -> None:
        """Tell, unless `migrate` was told to be quiet."""
        if self.verbosity > 0:
            self.warn(text)

    def warn(self, text: str) -> None:
        """Tell in any case."""
        self.write(f"{visible_lines(text)}\n")

    def write(self, text: str) -> int:
        """Write as it is."""
        # Django's own wrapper ends everything with a new line where it is not told otherwise.
        if hasattr(self._stdout, "style_func"):
            self._stdout.write(text, ending="")
        else:
            self._stdout.write(text)
        return len(text)

    def flush(self) -> None:
        """Show what was written."""
        self._stdout.flush()

    def isatty(self) -> bool:
        """Tell whether somebody looks on."""
        return bool(self._stdout.isatty())
