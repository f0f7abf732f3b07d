"""Who may wait."""

from euterpe_generator.domain.generation import Waiting
from euterpe_generator.services.queue_limit import QueueLimit


def limit(now: list[float], seconds: float = 2.0) -> QueueLimit:
    return QueueLimit(most=1000, always=10, seconds=seconds, clock=lambda: now[0])


def test_a_first_burst_is_taken_before_the_pace_is_known() -> None:
    queue = limit([0.0])
    assert queue.take(10, background=False)
    assert not queue.take(1, background=False)


def test_no_more_may_wait_than_is_composed_in_time() -> None:
    queue = limit([0.0])
    queue.update(Waiting(150, 150), ended_per_second=100.0)
    assert queue.take(50, background=False)
    assert not queue.take(1, background=False)
    assert queue.retry_after_seconds == 1


def test_background_orders_mind_only_the_number() -> None:
    queue = limit([0.0])
    queue.update(Waiting(200, 200), ended_per_second=100.0)
    assert queue.take(800, background=True)
    assert not queue.take(1, background=True)
    queue.update(Waiting(0, 900), ended_per_second=100.0)
    assert queue.take(64, background=False)


def test_little_work_is_not_taken_for_slowness() -> None:
    now = [0.0]
    queue = limit(now)
    queue.update(Waiting(0, 0), ended_per_second=100.0)
    now[0] = 30.0
    queue.update(Waiting(0, 0), ended_per_second=0.5)
    assert queue.take(100, background=False)
    now[0] = 600.0
    queue.update(Waiting(0, 0), ended_per_second=0.5)
    assert not queue.take(100, background=False)
    assert queue.take(10, background=False)


def test_it_is_shut_for_a_moment() -> None:
    now = [0.0]
    queue = limit(now)
    assert not queue.shut
    queue.shut_briefly()
    assert queue.shut
    now[0] = 1.0
    assert not queue.shut
