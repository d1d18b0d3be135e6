"""Signals end a command in an orderly way, and what it has forked at once."""

import os
import signal
import threading
import time

import pytest

from holdfast import commitment
from holdfast.management.interrupts import orderly_interrupts


@pytest.fixture(autouse=True)
def something_new() -> None:
    # What another test has done must not count as done here: then it would be too late to stop.
    commitment.begin()


def test_the_command_itself_gets_an_exception() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), orderly_interrupts(), orderly_interrupts():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_forked_worker_ends_at_once_whenever_the_signal_comes() -> None:
    with orderly_interrupts():
        for number in range(40):
            worker = os.fork()
            if worker == 0:
                lock = threading.Lock()
                lock.acquire()
                lock.acquire()
            time.sleep(0.0005 * (number % 8))
            os.kill(worker, signal.SIGTERM)
            deadline = time.monotonic() + 30
            ended, status = 0, 0
            while not ended:
                ended, status = os.waitpid(worker, os.WNOHANG)
                if not ended and time.monotonic() > deadline:
                    os.kill(worker, signal.SIGKILL)
                    os.waitpid(worker, 0)
                    pytest.fail("it waits on")
            assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGTERM
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
