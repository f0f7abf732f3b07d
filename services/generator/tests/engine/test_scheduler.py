"""The scheduler with a session whose events reveal any slot that was mixed up."""

import itertools

import numpy as np
import pytest
from euterpe_generator.engine.fake import FakeSession
from euterpe_generator.engine.noise import piece_noise
from euterpe_generator.engine.request import Advanced, Array, Cancelled, Failed, Finished, Request, Started, Update
from euterpe_generator.engine.scheduler import Scheduler
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

MAX_STEPS = 50


def alone(request: Request) -> Array:
    """The expected piece, whatever else is in the batch."""
    previous, noise = piece_noise(
        request.seed, initial_size=FakeSession.initial_size, noise_size=FakeSession.noise_size, steps=request.steps
    )
    return FakeSession.expected(previous[None], noise[:, None])[:, 0]


def run_until_idle(scheduler: Scheduler) -> list[Update]:
    updates: list[Update] = []
    while not scheduler.idle:
        updates += scheduler.step()
        scheduler.check_integrity()
    return updates


@settings(deadline=None)
@given(
    lengths=st.lists(st.integers(1, MAX_STEPS), min_size=1, max_size=30),
    rows=st.integers(1, 7),
    chunk=st.integers(1, 9),
    step_seconds=st.sampled_from([1e-6, 1e-3, 1.0]),
)
def test_every_request_gets_its_own_piece_once(lengths: list[int], rows: int, chunk: int, step_seconds: float) -> None:
    ticks = itertools.count(step=step_seconds)
    scheduler = Scheduler(
        FakeSession(rows), max_steps=MAX_STEPS, chunk_steps=(chunk, 4 * chunk), clock=lambda: float(next(ticks))
    )
    requests = {str(i): Request(str(i), f"owner{i % 3}", seed=i, steps=n) for i, n in enumerate(lengths)}
    for request in requests.values():
        scheduler.submit(request)
    updates = run_until_idle(scheduler)
    finished = {update.id: update.events for update in updates if isinstance(update, Finished)}
    assert sorted(finished) == sorted(requests)
    assert sum(isinstance(update, Finished | Cancelled | Failed) for update in updates) == len(requests)
    for key, events in finished.items():
        np.testing.assert_array_equal(events, alone(requests[key]))


class SchedulerMachine(RuleBasedStateMachine):
    """Submits, steps, watches, cancels and fails in any order."""

    requests = Bundle("requests")

    def __init__(self) -> None:
        super().__init__()
        self.session = FakeSession(rows=3)
        self.scheduler = Scheduler(self.session, max_steps=MAX_STEPS, chunk_steps=(4, 7))
        self.open: dict[str, Request] = {}
        self.received: dict[str, int] = {}
        self.count = 0

    @rule(target=requests, steps=st.integers(1, MAX_STEPS), owner=st.sampled_from("ab"))
    def submit(self, steps: int, owner: str) -> str:
        request = Request(str(self.count), owner, seed=self.count, steps=steps)
        self.count += 1
        self.open[request.id] = request
        self.scheduler.submit(request)
        return request.id

    @rule()
    def step(self) -> None:
        self.take(self.scheduler.step())

    @rule(key=requests)
    def watch(self, key: str) -> None:
        self.take(self.scheduler.watch(key))

    @rule(key=consumes(requests))
    def cancel(self, key: str) -> None:
        self.take(self.scheduler.cancel(key))

    @rule()
    def fail(self) -> None:
        if self.scheduler.running:
            self.session.fail_next = True
            updates = self.scheduler.step()
            assert any(isinstance(update, Failed) for update in updates) or not self.scheduler.running
            self.session.fail_next = False
            self.take(updates)

    def take(self, updates: list[Update]) -> None:
        for update in updates:
            assert update.id in self.open, "an update after the end"
            if isinstance(update, Finished | Cancelled):
                whole = alone(self.open[update.id])
                assert isinstance(update, Cancelled) or len(update.events) == len(whole)
                np.testing.assert_array_equal(update.events, whole[: len(update.events)])
            if isinstance(update, Advanced):
                whole = alone(self.open[update.id])
                assert update.start == self.received.get(update.id, 0), "a gap or a repetition in the events"
                self.received[update.id] = update.start + len(update.events)
                np.testing.assert_array_equal(update.events, whole[update.start : self.received[update.id]])
            if isinstance(update, Finished | Cancelled | Failed):
                del self.open[update.id]

    @invariant()
    def is_consistent(self) -> None:
        self.scheduler.check_integrity()
        assert self.scheduler.running + self.scheduler.waiting == len(self.open)

    def teardown(self) -> None:
        self.take(run_until_idle(self.scheduler))
        assert not self.open, "a request that never ended"


TestSchedulerMachine = SchedulerMachine.TestCase
TestSchedulerMachine.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_a_request_joins_a_running_batch() -> None:
    session = FakeSession(rows=4)
    scheduler = Scheduler(session, max_steps=MAX_STEPS, chunk_steps=(5, 5))
    scheduler.submit(Request("long", "a", seed=1, steps=50))
    scheduler.step()
    scheduler.submit(Request("short", "b", seed=2, steps=5))
    updates = scheduler.step()
    assert Started("short") in updates
    assert any(isinstance(update, Finished) and update.id == "short" for update in updates)
    assert session.calls[-1] == (5, 2)


def test_an_owner_with_many_requests_does_not_block_another() -> None:
    scheduler = Scheduler(FakeSession(rows=1), max_steps=MAX_STEPS)
    for number in range(100):
        scheduler.submit(Request(f"busy{number}", "busy", seed=number, steps=10))
    scheduler.step()
    scheduler.submit(Request("first", "other", seed=0, steps=10))
    ended = [update.id for update in run_until_idle(scheduler) if isinstance(update, Finished)]
    # One piece was running when it was submitted, and the busy owner had the next turn: at most these two come first.
    assert ended.index("first") <= 2


@pytest.mark.parametrize("steps", [0, -1, MAX_STEPS + 1])
def test_steps_out_of_range_are_rejected(steps: int) -> None:
    scheduler = Scheduler(FakeSession(rows=1), max_steps=MAX_STEPS)
    with pytest.raises(ValueError, match="between 1 and 50"):
        scheduler.submit(Request("x", "a", seed=0, steps=steps))
    assert scheduler.idle


def test_chunks_grow_to_the_time_limit() -> None:
    session = FakeSession(rows=1)
    now = 0.0

    def clock() -> float:
        nonlocal now
        # Every call of the session takes 1 ms per step; the clock is read before and after it.
        now += 0.001 * session.calls[-1][0] / 2 if session.calls else 0.0
        return now

    scheduler = Scheduler(session, max_steps=1000, chunk_seconds=0.02, chunk_steps=(2, 500), clock=clock)
    scheduler.submit(Request("x", "a", seed=0, steps=1000))
    run_until_idle(scheduler)
    steady = [steps for steps, _ in session.calls[5:-1]]
    assert session.calls[0] == (2, 1)
    assert all(10 <= steps <= 60 for steps in steady)


def test_a_watch_before_the_first_step_receives_all_events() -> None:
    scheduler = Scheduler(FakeSession(rows=1), max_steps=MAX_STEPS, chunk_steps=(4, 4))
    request = Request("watched", "a", seed=3, steps=10)
    scheduler.submit(request)
    assert scheduler.watch("watched") == []
    received = [update for update in run_until_idle(scheduler) if isinstance(update, Advanced)]
    np.testing.assert_array_equal(np.concatenate([update.events for update in received]), alone(request))
