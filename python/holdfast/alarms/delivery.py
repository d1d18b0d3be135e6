"""Brings what the ledger holds to the channels, and never to the same one twice."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from holdfast import clock
from holdfast.alarms import channels, environment, ledger, outbox, state
from holdfast.alarms.alarm import Alarm
from holdfast.alarms.ledger import Entries
from holdfast.alarms.settings import Channel
from holdfast.conf import Configuration
from holdfast.exceptions import DeliveryFailed
from holdfast.visible import logger_of

_logger = logger_of(__name__)

# Seconds before the second and the third try.
PAUSES = (0.5, 1.0)

Gather = Callable[[], Iterable[Alarm]]


def dispatch(configuration: Configuration, gather: Gather) -> threading.Event:
    """Let `gather` find out what is wrong and what is right again, then tell everybody what is due: in the background.

    Gives what is set when the ledger knows. All threads start here, on the caller's: at the end of a process no other
    thread may start one.
    """
    known = threading.Event()

    def judge() -> None:
        alarms: list[Alarm] = []
        try:
            alarms.extend(scrubbed(configuration, alarm) for alarm in gather())
        finally:
            # What was found before something failed counts; and couriers must not wait for ever.
            try:
                state.change(configuration.directory, lambda entries: _enter(entries, alarms))
            finally:
                known.set()

    outbox.run(outbox.JUDGEMENT, judge)
    for channel in configuration.notify:
        outbox.run(channel.name, _Courier(configuration, channel, known))
    return known


def _enter(entries: Entries, alarms: Iterable[Alarm]) -> None:
    for alarm in alarms:
        ledger.enter(entries, alarm, clock.now())


def scrubbed(configuration: Configuration, alarm: Alarm) -> Alarm:
    """Give the alarm without secrets; every alarm goes through here before it is stored or sent."""
    scrub = environment.scrubber(configuration.notify)
    return replace(
        alarm,
        title=scrub(alarm.title),
        text=scrub(alarm.text),
        facts=scrub.document(alarm.facts),
        host=scrub(alarm.host),
    )


def with_retries(attempt: Callable[[], None]) -> None:
    """Deliver, with more than one try."""
    for pause in PAUSES:
        try:
            attempt()
        except DeliveryFailed:
            time.sleep(pause)
        else:
            return
    attempt()


class _Courier:
    """Tells one channel everything that it has to be told."""

    def __init__(self, configuration: Configuration, channel: Channel, known: threading.Event) -> None:
        self._configuration = configuration
        self._channel = channel
        self._known = known

    def __call__(self) -> None:
        self._known.wait()
        while (alarm := self._claim()) is not None:
            try:
                with_retries(partial(channels.send, self._channel, alarm))
            except DeliveryFailed as error:
                self._settle(alarm, delivered=False)
                _logger.error(  # noqa: TRY400 - a traceback could show what the message hides
                    "alarms: %s did not take %r: %s; the next run tries again",
                    self._channel.name, alarm.title, error.message,
                )  # fmt: skip
                return
            self._settle(alarm, delivered=True)

    def _claim(self) -> Alarm | None:
        repeat = self._configuration.alarms.repeat

        def claim(entries: Entries) -> Alarm | None:
            return ledger.claim(entries, self._channel, clock.now(), repeat)

        return state.change(self._configuration.directory, claim)

    def _settle(self, alarm: Alarm, *, delivered: bool) -> None:
        def settle(entries: Entries) -> None:
            ledger.settle(entries, self._channel, alarm, delivered=delivered)
            ledger.sweep(entries, self._configuration.notify, clock.now())

        state.change(self._configuration.directory, settle)
