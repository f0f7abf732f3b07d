"""The copy check and diversity."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from euterpe_training.evaluation.copied_passages import KnownPassages
from euterpe_training.evaluation.diversity import measure_diversity
from euterpe_training.evaluation.scores import Score, make_score

Make = Callable[..., Score]


def line(pitches: list[int] | np.ndarray) -> Score:
    return make_score(np.arange(len(pitches)) * 24, 24, pitches)


def test_shares_are_pooled_over_all_passages() -> None:
    source = wander(0, 60)
    pieces = [source[:20] + 7, wander(1, 60)]
    assert KnownPassages([source]).pooled_share(pieces) == pytest.approx(13 / (13 + 53))
    assert KnownPassages([source]).pooled_share([]) == 0


def wander(seed: int, notes: int) -> np.ndarray:
    """Pitches whose intervals no other seed repeats for long."""
    return 60 + np.random.default_rng(seed).integers(-20, 20, notes)


@pytest.mark.parametrize("semitones", range(-5, 7))
def test_a_copied_piece_is_caught_in_any_key(semitones: int, tune: Make) -> None:
    known = [tune(seed) for seed in range(4)]
    copy = replace(known[2], pitch=known[2].pitch + semitones)
    found = KnownPassages([score.pitch for score in known])
    assert found.copied_share([copy.pitch]).tolist() == [1.0]
    assert found.longest_runs([copy.pitch]).tolist() == [min(len(copy), 512)]


@pytest.mark.parametrize("length", [8, 9, 23, 64, 77])
def test_the_longest_copied_run_is_exact(length: int) -> None:
    source = wander(0, 200)
    piece = np.concatenate([wander(1, 50), source[60 : 60 + length] + 3, wander(2, 50)])
    known = KnownPassages([wander(3, 100), source])
    assert known.longest_runs([piece]).tolist() == [length]
    expected = (length - 7) / (len(piece) - 7)
    assert known.copied_share([piece])[0] == pytest.approx(expected)


def test_passages_do_not_run_over_the_end_of_a_piece() -> None:
    one, other = wander(0, 40), wander(1, 40)
    whole = np.concatenate([one, other])
    assert KnownPassages([whole]).longest_runs([whole]).tolist() == [80]
    assert KnownPassages([one, other]).longest_runs([whole]).tolist() == [40]


def test_nothing_known_and_nothing_long_enough() -> None:
    known = KnownPassages([])
    assert known.longest_runs([wander(0, 30)]).tolist() == [1]
    assert known.copied_share([wander(0, 30), np.array([60, 62])]).tolist() == [0, 0]


def test_diversity_sees_copies_in_other_keys_and_tempos(tune: Make) -> None:
    pieces = [tune(seed) for seed in range(4)]
    varied = measure_diversity(pieces)
    assert (varied.unique, varied.unique_openings) == (1.0, 1.0)
    same = replace(pieces[0], pitch=pieces[0].pitch + 2, onset=pieces[0].onset * 2)
    copied = measure_diversity([*pieces, same])
    assert (copied.unique, copied.unique_openings) == (0.8, 0.8)
    assert copied.shared_grams > varied.shared_grams + 0.2
    assert measure_diversity([line(wander(seed, 100)) for seed in range(3)]).shared_grams == 0
