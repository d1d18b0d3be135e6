"""Pings: one when a backup begins, one when it ends."""

import threading
from dataclasses import dataclass, replace
from functools import partial

from holdfast.alarms import environment, ledger, outbox, state
from holdfast.alarms.channels import EXCHANGE_SECONDS, ping
from holdfast.alarms.channels.deadline import within
from holdfast.alarms.delivery import with_retries
from holdfast.alarms.settings import Channel
from holdfast.conf import Configuration
from holdfast.exceptions import DeliveryFailed
from holdfast.visible import logger_of

_logger = logger_of(__name__)


@dataclass(frozen=True)
class Beat:
    """What is told of one backup."""

    alias: str
    kind: str
    signal: ping.Signal
    text: str


def ping_all(configuration: Configuration, beat: Beat, known: threading.Event | None = None) -> None:
    """Ping every channel that is for this database and kind, in the background, once the ledger knows."""
    clean = replace(beat, text=environment.scrubber(configuration.notify)(beat.text))
    for channel in configuration.notify:
        if channel.is_pinged(beat.alias, beat.kind):
            outbox.run(channel.name, partial(_ping, configuration, channel, clean, known))


def _ping(configuration: Configuration, channel: Channel, beat: Beat, known: threading.Event | None) -> None:
    if known is not None:
        known.wait()
    if beat.signal == "success" and _has_open_failure(configuration, channel):
        # One check for several databases: the success of one must not hide the failure of another.
        return
    try:
        exchange = partial(ping.ping, channel, beat.signal, beat.text)
        with_retries(partial(within, channel.name, EXCHANGE_SECONDS["ping"], exchange))
    except DeliveryFailed as error:
        # A traceback could show what the message hides.
        _logger.error("alarms: %s got no ping: %s", channel.name, error.message)  # noqa: TRY400


def _has_open_failure(configuration: Configuration, channel: Channel) -> bool:
    def look(entries: ledger.Entries) -> bool:
        return any(
            ledger.is_open(entries, key)
            and entry["alarm"]["event"] == "backup_failed"
            and (channel.databases is None or entry["alarm"]["alias"] in channel.databases)
            for key, entry in entries.items()
        )

    return state.change(configuration.directory, look)
