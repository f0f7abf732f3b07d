"""Limit of the queue."""

from euterpe_generator.domain.generation import UserClass
from euterpe_generator.domain.queue import QueueDepth
from euterpe_generator.services.queue_limit import QueueLimit


def limit(now: list[float], seconds: float = 2.0) -> QueueLimit:
    shares = {UserClass.REGISTERED: 0.5, UserClass.GUEST: 0.2, UserClass.ANONYMOUS: 0.1}
    return QueueLimit(
        max_queued=1000, always_accepted=10, max_wait_seconds=seconds, shares=shares, clock=lambda: now[0]
    )


def depth(foreground: int, everything: int) -> QueueDepth:
    """Return the depth of a queue whose users have no guaranteed share left."""
    return QueueDepth({UserClass.ANONYMOUS: foreground}, {UserClass.ANONYMOUS: everything})


def test_a_first_burst_is_accepted_before_the_throughput_is_known() -> None:
    queue = limit([0.0])
    assert queue.try_add(10, UserClass.ANONYMOUS, background=False)
    assert not queue.try_add(1, UserClass.ANONYMOUS, background=False)


def test_the_queue_is_limited_by_the_estimated_wait() -> None:
    queue = limit([0.0])
    queue.update(depth(150, 150), ended_per_second=100.0)
    assert queue.try_add(50, UserClass.ANONYMOUS, background=False)
    assert not queue.try_add(1, UserClass.ANONYMOUS, background=False)
    assert queue.retry_after_seconds == 1


def test_background_generations_are_limited_by_number_only() -> None:
    queue = limit([0.0])
    queue.update(depth(200, 200), ended_per_second=100.0)
    assert queue.try_add(800, UserClass.ANONYMOUS, background=True)
    assert not queue.try_add(1, UserClass.ANONYMOUS, background=True)
    queue.update(depth(0, 900), ended_per_second=100.0)
    assert queue.try_add(64, UserClass.ANONYMOUS, background=False)


def test_an_idle_period_does_not_reduce_the_limit_at_once() -> None:
    now = [0.0]
    queue = limit(now)
    queue.update(depth(0, 0), ended_per_second=100.0)
    now[0] = 30.0
    queue.update(depth(0, 0), ended_per_second=0.5)
    assert queue.try_add(100, UserClass.ANONYMOUS, background=False)
    now[0] = 600.0
    queue.update(depth(0, 0), ended_per_second=0.5)
    assert not queue.try_add(100, UserClass.ANONYMOUS, background=False)
    assert queue.try_add(10, UserClass.ANONYMOUS, background=False)


def test_it_is_closed_for_a_moment() -> None:
    now = [0.0]
    queue = limit(now)
    assert not queue.is_closed(UserClass.GUEST)
    queue.close_briefly(UserClass.GUEST)
    assert queue.is_closed(UserClass.GUEST)
    assert not queue.is_closed(UserClass.REGISTERED)
    assert not queue.is_closed(UserClass.GUEST, UserClass.REGISTERED)
    now[0] = 1.0
    assert not queue.is_closed(UserClass.GUEST)


def test_each_class_has_its_share_of_a_full_queue() -> None:
    queue = limit([0.0])
    assert queue.try_add(10, UserClass.GUEST, background=False)
    assert not queue.try_add(1, UserClass.GUEST, background=False)
    assert queue.try_add(5, UserClass.REGISTERED, background=False)
    assert not queue.try_add(1, UserClass.REGISTERED, background=False)
    assert queue.try_add(1, UserClass.ANONYMOUS, background=False)
    assert not queue.try_add(1, UserClass.ANONYMOUS, background=False)


def test_each_class_has_its_share_of_the_background_as_well() -> None:
    queue = limit([0.0])
    assert queue.try_add(1000, UserClass.GUEST, background=True)
    assert queue.try_add(500, UserClass.REGISTERED, background=True)
    assert not queue.try_add(1, UserClass.REGISTERED, background=True)
