"""Confidence intervals of scores by the bootstrap over repetitions and over test units at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, stats

from euterpe_training.reports.scores import Interval

DRAWS: Final = 1000
Metric = Literal["macro_f1", "accuracy"]


@dataclass(frozen=True, eq=False)
class Predictions:
    """The predictions of one repetition: `units` [count] identify what was tested, in all repetitions alike.

    Predictions for the same unit, such as the windows of a piece, are drawn together.
    """

    units: NDArray[np.int64]
    labels: NDArray[np.int64]
    guesses: NDArray[np.int64]


def interval(
    runs: Sequence[Predictions], classes: int, metric: Metric = "macro_f1", *,
    against: Sequence[Predictions] = (), confidence: float = 0.95, draws: int = DRAWS, seed: int = 0,
) -> Interval:  # fmt: skip
    """Return the mean score over repetitions with its interval; with `against`, that of the paired differences.

    Each draw takes repetitions with replacement, and test units with replacement within their class; a unit has the
    same weight in all repetitions. With few repetitions percentiles are too narrow: their distances from the mean are
    multiplied by √(n / (n − 1)) · t / z, Student's and the normal quantile (after Hesterberg 2015, "What Teachers
    Should Know About the Bootstrap", section 5). With a single repetition the interval is over test units only.
    """
    random = np.random.default_rng(seed)
    weights, position = _weights([*runs, *against], random, draws)
    scores = np.stack([_scores(run, weights, position, classes, metric) for run in runs], 1)
    exact = np.array([_exact(run, classes, metric) for run in runs])
    if against:
        scores = scores - np.stack([_scores(run, weights, position, classes, metric) for run in against], 1)
        exact = exact - np.array([_exact(run, classes, metric) for run in against])
    count = len(runs)
    chosen = random.integers(0, count, (draws, count))
    means = np.take_along_axis(scores, chosen, 1).mean(1)
    mean, tail = float(exact.mean()), (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    wider = 1.0
    if count > 1:
        wider = (count / (count - 1)) ** 0.5 * float(stats.t.ppf(1 - tail, count - 1) / stats.norm.ppf(1 - tail))
    lowest, highest = (-1.0, 1.0) if against else (0.0, 1.0)
    return Interval(
        mean, max(mean + wider * min(float(low) - mean, 0.0), lowest),
        min(mean + wider * max(float(high) - mean, 0.0), highest),
    )  # fmt: skip


def _weights(
    runs: Sequence[Predictions], random: np.random.Generator, draws: int
) -> tuple[NDArray[np.float32], dict[int, int]]:
    """Return how often each unit is drawn, [draws, units], and the column of each unit."""
    label_of: dict[int, int] = {}
    for run in runs:
        label_of |= dict(zip(run.units.tolist(), run.labels.tolist(), strict=True))
    position = {unit: column for column, unit in enumerate(label_of)}
    labels = np.array(list(label_of.values()))
    weights = np.zeros((draws, len(labels)), np.float32)
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        weights[:, own] = random.multinomial(len(own), np.full(len(own), 1 / len(own)), draws)
    return weights, position


def _scores(
    run: Predictions, weights: NDArray[np.float32], position: dict[int, int], classes: int, metric: Metric
) -> NDArray[np.float64]:
    """Return the score of each draw."""
    columns = np.array([position[unit] for unit in run.units.tolist()])
    cells = run.labels * classes + run.guesses
    table = sparse.csr_array(
        (np.ones(len(cells), np.float32), (columns, cells)), shape=(weights.shape[1], classes * classes)
    )
    return _of_confusions((table.T @ weights.T).T.reshape(-1, classes, classes), metric)


def _exact(run: Predictions, classes: int, metric: Metric) -> float:
    cells = np.bincount(run.labels * classes + run.guesses, minlength=classes * classes)
    return float(_of_confusions(cells.reshape(1, classes, classes), metric)[0])


def _of_confusions(tables: NDArray[np.generic], metric: Metric) -> NDArray[np.float64]:
    values = np.asarray(tables, np.float64)
    right = np.diagonal(values, axis1=1, axis2=2)
    if metric == "accuracy":
        return np.asarray(right.sum(1) / np.maximum(values.sum((1, 2)), 1))
    # As in scikit-learn, the F1 of a class that is neither true nor predicted is 0.
    return np.asarray((2 * right / np.maximum(values.sum(1) + values.sum(2), 1)).mean(1))
