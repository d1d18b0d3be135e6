"""Listens to Holdfast's own signals; a receiver returns at once, the work is done in the background.

It always listens, and looks at the settings when a signal comes: who has no `NOTIFY` loads and pays for nothing else.
"""

from collections.abc import Callable
from typing import Any

from holdfast import conf, signals
from holdfast.exceptions import UsageError
from holdfast.visible import logger_of

_logger = logger_of(__name__)

_SIGNALS = (
    "backup_started",
    "backup_finished",
    "backup_failed",
    "restore_finished",
    "drill_finished",
    "drill_failed",
)


def connect() -> None:
    """Listen to what somebody may want to know."""
    for name in _SIGNALS:
        # Nobody else holds on to these receivers.
        getattr(signals, name).connect(_receiver(name), weak=False, dispatch_uid=f"holdfast.alarms.{name}")


def _receiver(name: str) -> Callable[..., None]:
    def receive(*, signal: object, sender: object, **about: Any) -> None:
        del signal, sender
        try:
            _react(name, about)
        except Exception:
            _logger.exception("alarms: what the signal %s means could not be told", name)

    return receive


def _react(name: str, about: dict[str, Any]) -> None:
    try:
        configuration = conf.load()
    except UsageError:
        # Nobody knows of a channel then; whoever works with these settings is told what is wrong with them.
        return
    if configuration.notify:
        from holdfast.alarms import reactions  # noqa: PLC0415 - it loads what only who has channels needs

        getattr(reactions, name)(configuration, **about)
