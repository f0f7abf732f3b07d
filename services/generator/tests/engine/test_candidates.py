"""Requests for the best of several candidates: one outcome, that of the candidate with the highest score."""

import numpy as np
import pytest
from euterpe_generator.engine.fake import FakeSession
from euterpe_generator.engine.request import Advanced, Cancelled, Failed, Finished, Request, Started, Update
from euterpe_generator.engine.scheduler import Scheduler

STEPS = 12


def scheduler(rows: int) -> Scheduler:
    return Scheduler(FakeSession(rows), max_steps=STEPS, chunk_steps=(2, 3))


def run(running: Scheduler) -> list[Update]:
    updates: list[Update] = []
    while not running.idle:
        updates += running.step()
        running.check_integrity()
    return updates


def finished(candidates: int, rows: int = 8, seed: int = 5) -> Finished:
    running = scheduler(rows)
    running.submit(Request("a", "a", seed, STEPS, candidates=candidates))
    running.submit(Request("b", "a", 1, STEPS))
    updates = run(running)
    assert sorted(type(update).__name__ for update in updates if update.id == "a") == ["Finished", "Started"]
    assert {update.id for update in updates} == {"a", "b"}
    [ended] = [update for update in updates if isinstance(update, Finished) and update.id == "a"]
    return ended


def test_the_best_candidate_is_kept_and_the_first_has_the_requests_seed() -> None:
    # FakeSession scores a piece by the first feature of its last event.
    alone, best = finished(1), finished(6)
    scores = [finished(count).score for count in (2, 4, 6)]
    assert scores == sorted(scores)
    assert best.score == best.events[-1, 0] > alone.score


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_the_outcome_does_not_depend_on_the_room(rows: int) -> None:
    np.testing.assert_array_equal(finished(4, rows).events, finished(4).events)


def test_progress_is_that_of_the_slowest_candidate_and_nothing_is_streamed() -> None:
    running = scheduler(2)
    running.submit(Request("a", "a", 1, STEPS, candidates=3))
    assert running.watch("a") == []
    assert [type(update) for update in running.step()] == [Started]
    assert running.progress() == {"a": 2}
    assert not [update for update in run(running) if isinstance(update, Advanced)]


def test_a_cancelled_request_ends_once() -> None:
    running = scheduler(2)
    running.submit(Request("a", "a", 1, STEPS, candidates=4))
    running.step()
    updates = running.cancel("a") + run(running)
    assert [(type(update), update.id) for update in updates] == [(Cancelled, "a")]
    waiting = scheduler(2)
    waiting.submit(Request("a", "a", 1, STEPS, candidates=2))
    assert [(type(update), update.id) for update in waiting.cancel("a")] == [(Cancelled, "a")]
    assert waiting.idle


def test_a_failure_ends_the_request_once_and_frees_all_slots() -> None:
    session = FakeSession(2)
    running = Scheduler(session, max_steps=STEPS, chunk_steps=(2, 3))
    running.submit(Request("a", "a", 1, STEPS, candidates=4))
    running.submit(Request("b", "b", 1, STEPS))
    session.fail_next = True
    updates = running.step() + run(running)
    assert [type(update) for update in updates if update.id == "a"] == [Started, Failed]
    assert running.progress() == {}
    assert any(isinstance(update, Finished | Failed) for update in updates if update.id == "b")
