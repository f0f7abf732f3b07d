"""A signal takes effect at the next pause."""

import os
import signal
import weakref
from collections.abc import Iterator

import pytest
from euterpe_stack.stop_request import StopRequest, StopRequested


@pytest.fixture
def stop() -> Iterator[StopRequest]:
    stop = StopRequest()
    before = signal.signal(signal.SIGTERM, stop.on_signal)
    yield stop
    signal.signal(signal.SIGTERM, before)


def test_without_a_signal_nothing_happens(stop: StopRequest) -> None:
    stop.pause(0)
    stop.check()


def test_a_signal_during_a_callback_is_not_lost(stop: StopRequest) -> None:
    class Thing:
        pass

    thing = Thing()
    # What is raised in such a callback is printed and dropped.
    reference = weakref.ref(thing, lambda _: os.kill(os.getpid(), signal.SIGTERM))
    del thing
    assert reference() is None
    for _ in range(2):
        with pytest.raises(StopRequested):
            stop.pause(0)


def test_a_signal_during_a_pause_takes_effect_after_it(stop: StopRequest) -> None:
    before = signal.signal(signal.SIGALRM, stop.on_signal)
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    try:
        with pytest.raises(StopRequested):
            stop.pause(0.1)
    finally:
        signal.signal(signal.SIGALRM, before)
