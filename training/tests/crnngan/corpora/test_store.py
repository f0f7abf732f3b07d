import numpy as np
from euterpe_training.crnngan.corpora.store import EventStore


def test_what_is_appended_stays_in_order_however_much_more_it_is_than_expected() -> None:
    store = EventStore(3, 2)
    parts = [np.full((length, 3), length, np.float32) for length in (1, 0, 2, 40, 5)]
    for part in parts:
        store.append(part)
    assert np.array_equal(store.events, np.concatenate(parts))


def test_parts_of_what_was_written_into_its_room_may_be_left_out() -> None:
    store = EventStore(1, 4)
    room = store.room(6)
    room[:] = np.arange(6)[:, None]
    for part in (room[1:3], room[5:]):
        store.append(part)
    assert store.events.ravel().tolist() == [1, 2, 5]
