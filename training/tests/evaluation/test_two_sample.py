"""The two-sample test finds differences, and only those; its features depend on neither key nor tempo."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from euterpe_training.errors import TrainingError
from euterpe_training.evaluation import roll_classifier
from euterpe_training.evaluation.roll_classifier import piano_roll, roll_test
from euterpe_training.evaluation.scores import Score
from euterpe_training.evaluation.two_sample import Sample, feature_test, make_sample, telling_features, velocity_effects
from euterpe_training.evaluation.window_features import FEATURES, compute_features, feature_matrix, feature_names
from euterpe_training.evaluation.windows import draw_windows

Make = Callable[..., Score]

NOTES = 100


def windows(scores: list[Score], count: int = 60, seed: int = 0) -> list[Score]:
    return draw_windows(scores, count, np.random.default_rng(seed), NOTES)


@pytest.fixture(scope="module")
def real(tune: Make) -> Sample:
    return make_sample(windows([tune(seed) for seed in range(60)]))


@pytest.fixture(scope="module")
def other_half(tune: Make) -> Sample:
    return make_sample(windows([tune(seed) for seed in range(60, 120)]))


@pytest.fixture(scope="module")
def noise(tune: Make, shuffled: Make) -> Sample:
    return make_sample([shuffled(window) for window in windows([tune(seed) for seed in range(60, 120)])])


def test_shuffled_notes_are_detected(real: Sample, noise: Sample) -> None:
    found = feature_test(real, noise, velocity=False)
    assert found.accuracy > 0.9
    assert found.low > 0.8
    assert (found.real_windows, found.composed_windows, found.real_works) == (60, 60, 60)


def test_two_halves_of_one_corpus_are_not(real: Sample, other_half: Sample) -> None:
    """A single division of 120 works is off by .05 for chance alone; the mean of four lies near .5."""
    pool = make_sample([*real.windows, *other_half.windows])
    random = np.random.default_rng(5)
    masks = [random.permutation(np.arange(len(pool)) % 2 == 0) for _ in range(4)]
    found = [feature_test(pool.part(mask), pool.part(~mask), velocity=False) for mask in masks]
    assert 0.4 < np.mean([one.accuracy for one in found]) < 0.6
    assert sum(one.low <= 0.5 <= one.high for one in found) >= 2


def test_velocity_is_seen_only_where_it_is_asked_for(real: Sample, other_half: Sample) -> None:
    flat = make_sample([replace(window, velocity=np.full(len(window), 80)) for window in other_half.windows])
    assert feature_test(real, flat, velocity=False).accuracy < 0.7
    assert feature_test(real, flat, velocity=True).accuracy > 0.95
    assert velocity_effects(real, flat)[0].name.startswith("velocity")


def test_results_are_the_same_for_the_same_seed(real: Sample, noise: Sample) -> None:
    assert feature_test(real, noise, velocity=True, seed=3) == feature_test(real, noise, velocity=True, seed=3)


def test_telling_features_name_what_was_changed(real: Sample, other_half: Sample) -> None:
    high = make_sample([replace(window, pitch=window.pitch + 24) for window in other_half.windows])
    told = telling_features(real, high)
    assert "pitch" in told[0].name or "register" in told[0].name or "c" in told[0].name
    registers = {feature.name for feature in FEATURES if feature.group == "register"}
    assert told[0].name in registers
    assert abs(told[0].effect) > 2


def test_windows_of_one_work_never_help_to_recognise_it(tune: Make) -> None:
    """Both sides share no work, but each work has a peculiarity. Random folds would learn it; folds by work cannot."""
    works = [tune(seed, bars=96) for seed in range(24)]
    sides = [make_sample(windows(part, 60)) for part in (works[:12], works[12:])]
    assert feature_test(*sides, velocity=False).accuracy < 0.75


def test_few_works_are_refused(tune: Make) -> None:
    few = make_sample(windows([tune(seed) for seed in range(5)]))
    with pytest.raises(TrainingError, match="at least 10 real works, got 5"):
        feature_test(few, few, velocity=False)


def test_the_network_on_rolls_detects_shuffled_notes(
    real: Sample, noise: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roll_classifier, "_STEPS", 60)
    found = roll_test(real, noise, velocity=False)
    assert found.accuracy > 0.75
    assert found == roll_test(real, noise, velocity=False)


@pytest.mark.parametrize("semitones", [-5, -2, 1, 4, 6])
def test_features_do_not_depend_on_the_key(semitones: int, tune: Make) -> None:
    window = windows([tune(1)], 1)[0]
    base = replace(window, pitch=window.pitch - _shift(window))
    moved = compute_features(replace(base, pitch=base.pitch + semitones))
    assert moved == pytest.approx(compute_features(base))


@pytest.mark.parametrize("factor", [2, 3])
def test_features_and_rolls_do_not_depend_on_the_tempo(factor: int, tune: Make) -> None:
    window = windows([tune(1)], 1)[0]
    slow = replace(window, onset=window.onset * factor, duration=window.duration * factor)
    assert compute_features(slow) == pytest.approx(compute_features(window))
    assert (piano_roll(slow, velocity=True) == piano_roll(window, velocity=True)).all()


def test_the_table_documents_every_feature(tune: Make) -> None:
    found = compute_features(windows([tune(0)], 1)[0])
    names = [feature.name for feature in FEATURES]
    assert len(set(names)) == len(names)
    assert set(found) == set(names)
    assert feature_names(velocity=True) == tuple(names)
    assert feature_names(velocity=False) == tuple(names[: len(names) - 11])
    assert np.isfinite(feature_matrix(windows([tune(seed) for seed in range(5)]))).all()
    assert feature_matrix([]).shape == (0, len(names))


def test_known_features_of_a_tune_by_hand(score: Make) -> None:

    octaves = score([(at / 2, 0.5, pitch) for at in range(40) for pitch in (48 + 12 * (at % 2), 72 + at % 2)])
    found = compute_features(octaves)
    assert found["bass_octave_leaps"] == 1
    assert found["melody_semitones"] == 1
    assert found["melody_turns"] == 1
    assert found["onsets_of_two"] == 1
    assert found["polyphony"] == 2
    assert found["successive_gaps_equal"] == 1
    assert found["duration_about_1"] == 1
    assert found["melody_legato"] == 1
    assert found["rest_time"] == 0
    assert found["melody_figures_of_3"] > 0.9


def _shift(window: Score) -> int:
    from euterpe_music.tokens.tonality import white_key_shift

    return -white_key_shift(window.pitch, window.duration)


def test_windows_spread_over_works_and_begin_at_onsets(tune: Make) -> None:
    scores = [tune(0), tune(1), tune(2, bars=80), replace(tune(3), work="tune 1")]
    drawn = windows(scores, 8)
    assert len(drawn) == 8
    assert {window.work for window in drawn[:3]} == {"tune 0", "tune 1", "tune 2"}
    assert all(len(window) == NOTES and window.onset[0] == 0 for window in drawn)
    assert not windows([tune(0, bars=2)], 5)
    starts = {window.pitch[:20].tobytes() for window in windows([tune(2, bars=80)], 4)}
    assert len(starts) > 1
