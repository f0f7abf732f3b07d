"""The measures on music with known results."""

from dataclasses import replace

import numpy as np
import pytest
from euterpe_music.piece import Piece, make_notes
from euterpe_training.evaluation.loops import longest_loop_bars
from euterpe_training.evaluation.markov import Markov
from euterpe_training.evaluation.muspy_metrics import muspy_metrics
from euterpe_training.evaluation.overlap import compare_densities, features, likeness, mean_overlap
from euterpe_training.evaluation.statistics import statistics

SCALE = np.array([60, 62, 64, 65, 67, 69, 71, 72])


def piece(pitches: object, step: int = 96, length: int = 96) -> Piece:
    values = np.asarray(pitches)
    return Piece(96, make_notes(np.arange(len(values)) * step, length, values, 80))


def random_piece(seed: int, notes: int = 60) -> Piece:
    random = np.random.default_rng(seed)
    onsets = np.cumsum(random.choice([0, 24, 48, 96], notes))
    return Piece(96, make_notes(onsets, random.choice([24, 48, 96], notes), random.choice(SCALE, notes), 80))


def test_equal_sets_overlap_and_different_ones_do_not() -> None:
    one, other = ([random_piece(seed) for seed in seeds] for seeds in (range(40), range(40, 80)))
    drone = [replace(piece(np.full(60, 30 + seed % 3)), ticks_per_quarter=96) for seed in range(40)]
    assert mean_overlap(likeness(one, other)) > 0.9
    assert mean_overlap(likeness(drone, other)) < 0.4


def test_overlap_and_divergence_of_known_densities() -> None:
    random = np.random.default_rng(0)
    near, far = random.normal(10, 1, 20000), random.normal(12, 1, 20000)
    alike = compare_densities(near, random.normal(10, 1, 20000))
    apart = compare_densities(near, far)
    assert alike.overlap_area > 0.97
    assert alike.kl < 0.01
    # Two unit normals two apart overlap by 2 · Φ(-1), and diverge by 2.
    assert apart.overlap_area == pytest.approx(0.317, abs=0.03)
    assert apart.kl == pytest.approx(2.0, abs=0.3)


def test_features_of_a_scale() -> None:
    found = features(piece(SCALE))
    assert found["pitch_count"].tolist() == [8]
    assert found["pitch_range"].tolist() == [12]
    assert found["mean_inter_onset_interval"].tolist() == [1]
    assert found["pitch_class_histogram"][0] == pytest.approx(2 / 8)
    assert found["note_length_histogram"].argmax() == 2
    assert features(piece([]))["pitch_count"].tolist() == [0]


def test_the_legacy_statistics_have_the_errors_of_the_public_code() -> None:
    b_major = (SCALE - 60 + 11) % 12 + 60
    tune = piece(np.concatenate([b_major, b_major]))
    right, legacy = statistics(tune), statistics(tune, legacy=True)
    assert right is not None
    assert legacy is not None
    assert right.scale_score == 1.0
    # Without the mod 12 no root finds all of them.
    assert legacy.scale_score < 0.9
    assert right.repetitions[2] == pytest.approx(1 - 8 / 15)
    # Seven pairs of equal intervals, of which the public code's loops miss the last.
    assert legacy.repetitions[2] == 6
    assert statistics(piece([])) is None


def test_polyphony_counts_onsets_and_in_legacy_mode_notes_twice() -> None:
    notes = make_notes([96, 96, 192, 288], 96, [60, 64, 60, 62], 80)
    chord = Piece(96, notes)
    right, legacy = statistics(chord), statistics(chord, legacy=True)
    assert right is not None
    assert legacy is not None
    assert right.polyphony_score == pytest.approx(1 / 3)
    assert legacy.polyphony_score == pytest.approx(2 / 6)


def test_the_beat_is_found_where_it_is() -> None:
    quick = Piece(480, make_notes(np.arange(100) * 100, 100, 60, 80))
    found = statistics(quick)
    assert found is not None
    # Of quarters with equal sixteenths the reference takes the longest.
    assert found.estimated_beat == 403
    assert found.estimated_beat_avg_ticks_off == 0


def test_muspys_polyphony_is_by_duration_and_its_rate_counts_more_than_the_threshold() -> None:
    notes = make_notes([0, 96, 192], [288, 192, 96], [60, 64, 67], 80)
    found = muspy_metrics(Piece(96, notes))
    assert found["polyphony"] == pytest.approx(2)
    assert found["polyphony_rate"] == pytest.approx(1 / 3)
    assert found["scale_consistency"] == 1
    assert found["empty_beat_rate"] == 0
    assert found["pitch_entropy"] == pytest.approx(np.log2(3))


def test_groove_is_perfect_for_a_steady_beat() -> None:
    assert muspy_metrics(piece(np.full(16, 60)))["groove_consistency"] == 1
    assert np.isnan(muspy_metrics(piece([60]))["groove_consistency"])


def test_loops_are_measured_in_bars() -> None:
    figure = [60, 64, 67, 72]
    assert longest_loop_bars(piece(np.tile(figure, 12))) == pytest.approx(12)
    assert longest_loop_bars(piece(np.full(40, 60))) == pytest.approx(10)
    assert longest_loop_bars(piece(np.random.default_rng(0).permutation(80) + 20)) == 0


@pytest.mark.parametrize("streams", [[(0, 1)], [(0,), (1,)]])
def test_a_markov_chain_continues_pairs_of_events_as_the_corpus_does(streams: list[tuple[int, ...]]) -> None:
    song = np.array([[0, 1], [1, 2], [2, 0]] * 20)
    made = Markov([song, song[1:]], streams).sample(50, np.random.default_rng(0))
    assert made.shape == (50, 2)
    for column in (0, 1):
        steps = np.diff(made[:, column]) % 3
        assert (steps == 1).all()
