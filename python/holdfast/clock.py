"""The one place that asks what time it is, so that a test can live through weeks."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Give this moment, in UTC."""
    return datetime.now(UTC)


def sleep(seconds: float) -> None:
    """Wait; a signal whose handler raises ends it at once."""
    time.sleep(seconds)
