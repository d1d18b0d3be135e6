"""Shows how far the work is: one line on a terminal's stderr, and nothing anywhere else."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TextIO

from holdfast.visible import visible

if TYPE_CHECKING:
    from tqdm import tqdm

Event = dict[str, Any]
OnEvent = Callable[[Event], None]


def silent(_event: Event) -> None:
    """Show nothing."""


class NoticeBoard:
    """Keeps the notices for the report and passes every event on."""

    def __init__(self, on_event: OnEvent | None) -> None:
        """Listen on behalf of the caller's own listener."""
        self._pass_on = on_event or silent
        self.notices: list[str] = []

    def __call__(self, event: Event) -> None:
        """Take one event."""
        if event["event"] == "notice":
            self.notices.append(event["text"])
        self._pass_on(event)


class CopyProgress:
    """Tells of the pages that SQLite copies in the words of the core."""

    def __init__(self, on_event: OnEvent) -> None:
        """Tell this listener."""
        self._on_event = on_event
        self._begun = False

    def __call__(self, done_bytes: int, total_bytes: int) -> None:
        """Take one step of the copy."""
        if not self._begun:
            self._begun = True
            self._on_event({"event": "stage", "name": "copying", "total_bytes": total_bytes})
        self._on_event({"event": "progress", "rows": 0, "bytes": done_bytes})


class ProgressLine(AbstractContextManager["ProgressLine"]):
    """Draws events as rows, megabytes, speed and remaining time; the line is gone when the work is."""

    def __init__(self, label: str, stream: TextIO, verbosity: int) -> None:
        """Draw nothing unless somebody looks at a terminal."""
        self._label = label
        self._stream = stream
        self._shown = verbosity > 0 and stream.isatty()
        self._bar: tqdm[None] | None = None

    def __enter__(self) -> Self:
        """Wait for the first stage."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Take the line away, so that summaries and errors begin on a clean one."""
        self._close()

    def __call__(self, event: Event) -> None:
        """Draw one event."""
        if not self._shown:
            return
        if event["event"] == "stage":
            self._begin(event["name"], event["total_bytes"])
        elif event["event"] == "progress" and self._bar is not None:
            if event["rows"]:
                self._bar.set_postfix_str(f"{event['rows']:,} rows", refresh=False)
            self._bar.update(event["bytes"] - self._bar.n)

    def _begin(self, stage: str, total_bytes: int) -> None:
        # Only a terminal pays for the import; the class is made here for the same reason.
        from tqdm import tqdm  # noqa: PLC0415

        class Bar(tqdm):  # type: ignore[type-arg]
            # tqdm's watcher thread would outlive the work in a forking server.
            monitor_interval = 0

        self._close()
        self._bar = Bar(
            desc=visible(f"{self._label}: {stage}"),
            total=total_bytes or None,
            unit="B",
            unit_scale=True,
            leave=False,
            dynamic_ncols=True,
            file=self._stream,
        )

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
