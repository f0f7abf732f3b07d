import numpy as np
from euterpe_training.crnngan.corpora.store import EventStore


def test_appended_events_stay_in_order_beyond_the_reserved_size() -> None:
    store = EventStore(3, 2)
    parts = [np.full((length, 3), length, np.float32) for length in (1, 0, 2, 40, 5)]
    for part in parts:
        store.append(part)
    assert np.array_equal(store.events, np.concatenate(parts))


def test_parts_of_the_reserved_space_can_be_appended() -> None:
    store = EventStore(1, 4)
    room = store.room(6)
    room[:] = np.arange(6)[:, None]
    for part in (room[1:3], room[5:]):
        store.append(part)
    assert store.events.ravel().tolist() == [1, 2, 5]
