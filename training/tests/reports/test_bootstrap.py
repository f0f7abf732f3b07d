import numpy as np
import pytest
from euterpe_training.reports.bootstrap import Predictions, interval


def run(right: float, seed: int, units: int = 300) -> Predictions:
    random = np.random.default_rng(seed)
    labels = np.arange(units) % 3
    wrong = random.random(units) > right
    return Predictions(np.arange(units), labels, np.where(wrong, (labels + 1) % 3, labels))


def test_the_mean_is_that_of_the_scores() -> None:
    labels, guesses = np.array([0, 0, 0, 0, 1, 1, 2]), np.array([0, 0, 0, 1, 1, 0, 0])
    one = Predictions(np.arange(7), labels, guesses)
    assert interval([one], 3).mean == pytest.approx(7 / 18)
    assert interval([one], 3, "accuracy").mean == pytest.approx(4 / 7)
    assert interval([one, one], 3, against=[one, one]).high == 0


def test_intervals_of_three_repetitions_contain_the_true_score() -> None:
    inside = 0
    for trial in range(60):
        random = np.random.default_rng(trial)
        # Repetitions differ by more than their test images explain: percentiles alone would be too narrow.
        rights = np.clip(random.normal(0.8, 0.04, 3), 0, 1)
        runs = [run(float(right), 1000 * trial + seed, 1500) for seed, right in enumerate(rights)]
        found = interval(runs, 3, "accuracy", draws=200)
        inside += found.low <= 0.8 <= found.high
    assert inside >= 55


def test_a_single_repetition_has_an_interval_over_test_images_only() -> None:
    few, many = (interval([run(0.8, 0, units)], 3, "accuracy") for units in (60, 6000))
    assert few.high - few.low > 5 * (many.high - many.low)
    assert 0.005 < many.high - many.low < 0.04


def test_differences_are_paired_by_seed_and_test_image() -> None:
    better = [run(0.9, seed) for seed in range(4)]
    # The same mistakes, and a few more in every repetition.
    worse = [Predictions(one.units, one.labels, np.where(np.arange(300) < 15, (one.labels + 1) % 3, one.guesses))
             for one in better]  # fmt: skip
    gain = interval(better, 3, against=worse)
    assert 0 < gain.low < gain.mean < gain.high < 0.2
    own = interval(better, 3)
    assert gain.high - gain.low < 1.5 * (own.high - own.low)


def test_windows_of_a_piece_are_drawn_together() -> None:
    one = run(0.8, 0)
    pieces = Predictions(np.arange(300) // 30 * 3 + one.labels, one.labels, one.guesses)
    assert interval([pieces], 3).low < interval([one], 3).high
