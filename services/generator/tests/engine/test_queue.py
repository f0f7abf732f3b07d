from collections import defaultdict

import pytest
from euterpe_generator.engine.queue import FairQueue
from euterpe_generator.engine.request import Request
from hypothesis import given
from hypothesis import strategies as st

owners = st.lists(st.sampled_from("abcd"), max_size=40)


def filled(names: list[str]) -> FairQueue:
    queue = FairQueue()
    for number, name in enumerate(names):
        queue.push(Request(str(number), name, seed=0, steps=1))
    return queue


@given(owners)
def test_each_owner_is_served_in_order(names: list[str]) -> None:
    queue = filled(names)
    served = defaultdict(list)
    while len(queue):
        request = queue.pop()
        served[request.owner].append(int(request.id))
    assert sum(map(len, served.values())) == len(names)
    assert all(ids == sorted(ids) for ids in served.values())


@given(owners)
def test_no_owner_gets_two_turns_while_another_waits(names: list[str]) -> None:
    queue = filled(names)
    waiting = {name: names.count(name) for name in names}
    turns = dict.fromkeys(waiting, 0)
    while len(queue):
        owner = queue.pop().owner
        turns[owner] += 1
        waiting[owner] -= 1
        others = [turns[other] for other, left in waiting.items() if left and other != owner]
        assert all(turns[owner] <= other + 1 for other in others)


@given(owners, st.data())
def test_a_removed_request_is_never_served(names: list[str], data: st.DataObject) -> None:
    queue = filled(names)
    gone = data.draw(st.sets(st.integers(0, max(len(names) - 1, 0))))
    removed = {number for number in gone if queue.remove(str(number))}
    assert removed == {number for number in gone if number < len(names)}
    left = [int(queue.pop().id) for _ in range(len(queue))]
    assert set(left) == set(range(len(names))) - removed


def test_an_empty_queue_raises_index_error() -> None:
    with pytest.raises(IndexError):
        FairQueue().pop()
