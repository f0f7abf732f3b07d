"""Limit of the queue."""

from euterpe_generator.domain.queue import QueueDepth
from euterpe_generator.services.queue_limit import QueueLimit


def limit(now: list[float], seconds: float = 2.0) -> QueueLimit:
    return QueueLimit(max_queued=1000, always_accepted=10, max_wait_seconds=seconds, clock=lambda: now[0])


def test_a_first_burst_is_accepted_before_the_throughput_is_known() -> None:
    queue = limit([0.0])
    assert queue.try_add(10, background=False)
    assert not queue.try_add(1, background=False)


def test_the_queue_is_limited_by_the_estimated_wait() -> None:
    queue = limit([0.0])
    queue.update(QueueDepth(150, 150), ended_per_second=100.0)
    assert queue.try_add(50, background=False)
    assert not queue.try_add(1, background=False)
    assert queue.retry_after_seconds == 1


def test_background_generations_are_limited_by_number_only() -> None:
    queue = limit([0.0])
    queue.update(QueueDepth(200, 200), ended_per_second=100.0)
    assert queue.try_add(800, background=True)
    assert not queue.try_add(1, background=True)
    queue.update(QueueDepth(0, 900), ended_per_second=100.0)
    assert queue.try_add(64, background=False)


def test_an_idle_period_does_not_reduce_the_limit_at_once() -> None:
    now = [0.0]
    queue = limit(now)
    queue.update(QueueDepth(0, 0), ended_per_second=100.0)
    now[0] = 30.0
    queue.update(QueueDepth(0, 0), ended_per_second=0.5)
    assert queue.try_add(100, background=False)
    now[0] = 600.0
    queue.update(QueueDepth(0, 0), ended_per_second=0.5)
    assert not queue.try_add(100, background=False)
    assert queue.try_add(10, background=False)


def test_it_is_closed_for_a_moment() -> None:
    now = [0.0]
    queue = limit(now)
    assert not queue.is_closed
    queue.close_briefly()
    assert queue.is_closed
    now[0] = 1.0
    assert not queue.is_closed
