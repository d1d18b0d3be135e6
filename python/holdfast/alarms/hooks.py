"""Listens to Holdfast's own signals; a receiver returns at once, the work is done in the background.

It always listens, and looks at the settings when a signal comes: who has no `NOTIFY` loads and pays for nothing else.
"""

from functools import partial
from typing import Any

from holdfast import conf, signals

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
        getattr(signals, name).connect(partial(_react, name), weak=False, dispatch_uid=f"holdfast.alarms.{name}")


def _react(name: str, *, signal: object, sender: object, **about: Any) -> None:
    del signal, sender
    configuration = conf.load()
    if configuration.notify:
        from holdfast.alarms import reactions  # noqa: PLC0415 - it loads what only who has channels needs

        getattr(reactions, name)(configuration, **about)
