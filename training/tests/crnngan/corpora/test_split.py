import numpy as np
from euterpe_training.crnngan.corpora.split import assign, composer
from euterpe_training.evaluation.duplicates import groups, sketches


def melody(seed: int, notes: int = 300) -> np.ndarray:
    return np.random.default_rng(seed).integers(40, 80, notes).astype(np.uint8)


def marks(*melodies: np.ndarray) -> list[np.ndarray]:
    return sketches(np.concatenate(melodies), np.cumsum([0, *(len(each) for each in melodies)]))


def test_a_copy_a_transposition_and_a_version_with_a_new_end_are_one_piece() -> None:
    first = melody(1)
    changed = np.concatenate([first[:260], melody(2, 40)])
    assert groups(marks(melody(0), first, first + 5, melody(3), changed)).tolist() == [0, 1, 1, 3, 1]


def test_other_pieces_with_a_common_passage_are_not() -> None:
    one, other = melody(4), melody(5)
    other[:60] = one[:60]
    assert groups(marks(one, other)).tolist() == [0, 1]


def test_short_pieces_have_no_hashes_and_no_duplicates() -> None:
    assert groups(marks(melody(6, 5), melody(6, 5))).tolist() == [0, 1]


def names_of(counts: dict[str, int]) -> list[str]:
    return [f"classical/{name}/{number}.mid" for name, count in counts.items() for number in range(count)]


def test_parts_have_their_shares_in_every_composer_and_in_all() -> None:
    names = names_of({"bach": 200, "satie": 25, **{f"other{n}": 1 for n in range(100)}})
    parts = assign(names, np.arange(len(names)))
    assert sorted(np.concatenate(list(parts.values())).tolist()) == list(range(len(names)))
    for whose, count in (("bach", 200), ("satie", 25), ("", len(names))):
        for part, share in (("train", 0.64), ("validation", 0.16), ("test", 0.20)):
            here = sum(composer(names[song]) == whose or not whose for song in parts[part])
            assert abs(here - share * count) <= 2, (whose, part, here)


def test_a_piece_and_its_duplicates_stay_together() -> None:
    names = names_of({"a": 50, "b": 50})
    pairs = np.concatenate([np.arange(50), np.arange(50)])
    for songs in assign(names, pairs).values():
        assert set(songs % 50) == set((songs + 50) % 50)
        assert len(songs) == 2 * len(set((songs % 50).tolist()))


def test_other_shares_may_be_asked_for() -> None:
    names = names_of({"a": 100})
    parts = assign(names, np.arange(100), shares={"train": 0.5, "validation": 0.3, "test": 0.2})
    assert [len(parts[name]) for name in ("train", "validation", "test")] == [50, 30, 20]
