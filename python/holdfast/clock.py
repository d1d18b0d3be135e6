"""The one place that asks what time it is, so that a test can live through weeks; and how a moment is written."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Give this moment, in UTC."""
    return datetime.now(UTC)


def utc_text(moment: datetime) -> str:
    """Give a moment as manifests and alarms hold it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def sleep(seconds: float) -> None:
    """Wait; a signal whose handler raises ends it at once."""
    time.sleep(seconds)
