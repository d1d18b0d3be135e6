"""A clock that tests move, and a loop that lives through weeks of it in seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from holdfast import clock
from holdfast.progress import OnEvent, silent
from holdfast.schedule.loop import forever


class Over(Exception):
    """The simulated time is up."""


class Clock:
    """Stands still but for sleeps; `between` is what the world does meanwhile."""

    def __init__(self, begin: str, between: Callable[[datetime], None] | None = None) -> None:
        self.moment = datetime.fromisoformat(begin).replace(tzinfo=UTC)
        self.end = datetime.max.replace(tzinfo=UTC)
        self._between = between

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.moment += timedelta(seconds=seconds)
        if self.moment >= self.end:
            raise Over
        if self._between is not None:
            self._between(self.moment)

    def install(self, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(clock, "now", self.now)
        patch.setattr(clock, "sleep", self.sleep)

    def live(self, watcher: Watcher, **duration: float) -> None:
        """Let the loop run for so long."""
        self.end = self.moment + timedelta(**duration)
        with pytest.raises(Over):
            forever(watcher)


class Watcher:
    """Remembers everything that it was told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.warnings: list[str] = []

    @contextmanager
    def progress(self, _label: str) -> Iterator[OnEvent]:
        yield silent

    def told(self, text: str) -> None:
        self.lines.append(text)

    def warned(self, text: str) -> None:
        self.warnings.append(text)
