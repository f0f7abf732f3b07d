"""Classifier two-sample test: can a classifier tell composed windows from real ones? (Lopez-Paz & Oquab 2017.)

Gradient boosting learns on four fifths of the works and is tested on the rest, five times. All windows of a work are in
one fold, so that recognising a work does not help. An accuracy of .5 means that it cannot tell.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedGroupKFold
from threadpoolctl import threadpool_limits

from euterpe_training.errors import TrainingError
from euterpe_training.evaluation.scores import Score
from euterpe_training.evaluation.window_features import FEATURES, feature_matrix, feature_names

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FOLDS: Final = 5
#: Fewer works than this on a side cannot be divided into folds that say anything.
FEWEST_WORKS: Final = 2 * FOLDS
_BOOTSTRAP_SAMPLES: Final = 2000
_PERMUTATIONS: Final = 2
#: Features that a report names.
_NAMED: Final = 12

#: Labels of test windows from a classifier: (training rows, training labels, test rows) → labels.
Classifier = Callable[[Any, Ints, Any], Ints]


@dataclass(frozen=True)
class Accuracy:
    """Balanced accuracy on windows of unseen works, with a 95 % interval by bootstrap over works."""

    accuracy: float
    low: float
    high: float
    real_windows: int
    composed_windows: int
    real_works: int
    composed_works: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, rounded to four digits."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


@dataclass(frozen=True)
class TellingFeature:
    """A feature that tells the two sides apart.

    `importance` is how much accuracy falls when its values are shuffled; `effect` is the composed mean minus the real
    one in pooled standard deviations (Cohen's d), so positive means that composed windows have more of it.
    """

    name: str
    meaning: str
    importance: float
    effect: float
    real_mean: float
    composed_mean: float


@dataclass(frozen=True, eq=False)
class Sample:
    """Windows of one side, with their features and the work of each."""

    windows: tuple[Score, ...]
    features: Floats
    works: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.windows)

    def part(self, mask: NDArray[np.bool_]) -> "Sample":
        """The windows where `mask` is True."""
        kept = np.flatnonzero(mask)
        return Sample(tuple(self.windows[at] for at in kept), self.features[kept], tuple(self.works[at] for at in kept))


def make_sample(windows: Sequence[Score]) -> Sample:
    """The sample of some windows."""
    return Sample(tuple(windows), feature_matrix(windows), tuple(window.work for window in windows))


def feature_test(real: Sample, composed: Sample, *, velocity: bool, seed: int = 0) -> Accuracy:
    """The test by gradient boosting on the features, with or without those of velocity."""
    columns = len(feature_names(velocity))
    both = np.concatenate([real.features[:, :columns], composed.features[:, :columns]])
    return cross_validate(real, composed, both, _boosting_classifier(seed), seed)


def telling_features(real: Sample, composed: Sample, *, seed: int = 0) -> list[TellingFeature]:
    """The features of notes whose shuffling costs most accuracy on unseen works; of equal ones the larger effect."""
    columns = len(feature_names(velocity=False))
    both = np.concatenate([real.features[:, :columns], composed.features[:, :columns]])
    labels, groups = _labels(real, composed)
    random = np.random.default_rng([seed, 7])
    drops = np.zeros(columns)
    with threadpool_limits(1):
        for train, test in _folds(labels, groups, seed):
            model = _fit(both[train], labels[train], seed)
            drops += _permutation_drops(model, both[test], labels[test], random) / FOLDS
    found = _effects(real, composed, drops)
    return sorted(found, key=lambda one: (-round(one.importance, 3), -abs(one.effect)))[:_NAMED]


def velocity_effects(real: Sample, composed: Sample) -> list[TellingFeature]:
    """The features of velocity by size of effect; their importance is not measured."""
    found = _effects(real, composed, np.zeros(len(FEATURES)))[len(feature_names(velocity=False)) :]
    return sorted(found, key=lambda one: -abs(one.effect))


def _effects(real: Sample, composed: Sample, drops: Floats) -> list[TellingFeature]:
    first, second = (side.features for side in (real, composed))
    spread = np.sqrt((first.var(0) + second.var(0)) / 2)
    effect = np.where(spread > 1e-9, (second.mean(0) - first.mean(0)) / np.maximum(spread, 1e-9), 0.0)
    rows = zip(FEATURES, drops, effect, first.mean(0), second.mean(0), strict=False)
    return [
        TellingFeature(
            feature.name, feature.meaning, round(float(drop), 4), round(float(size), 2), round(float(here), 4),
            round(float(there), 4),
        )
        for feature, drop, size, here, there in rows
    ]  # fmt: skip


def cross_validate(real: Sample, composed: Sample, rows: NDArray[Any], classifier: Classifier, seed: int) -> Accuracy:
    """Accuracy of any classifier of `rows` (real ones first), in folds grouped by work.

    Raises TrainingError when a side has fewer works than the folds need.
    """
    for name, side in (("real", real), ("composed", composed)):
        if len(set(side.works)) < FEWEST_WORKS:
            raise TrainingError(
                f"the two-sample test needs windows of at least {FEWEST_WORKS} {name} works, got "
                f"{len(set(side.works))}; use more or longer pieces, or fewer notes per window"
            )
    labels, groups = _labels(real, composed)
    predicted = np.zeros_like(labels)
    with threadpool_limits(1):
        for train, test in _folds(labels, groups, seed):
            predicted[test] = classifier(rows[train], labels[train], rows[test])
    return _accuracy(predicted == labels, labels, groups, seed)


def _labels(real: Sample, composed: Sample) -> tuple[Ints, Ints]:
    labels = np.repeat([0, 1], [len(real), len(composed)])
    names = [*(f"real {work}" for work in real.works), *(f"composed {work}" for work in composed.works)]
    return labels, np.unique(names, return_inverse=True)[1].ravel().astype(np.int64)


def _folds(labels: Ints, groups: Ints, seed: int) -> list[tuple[Ints, Ints]]:
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    return list(folds.split(labels, labels, groups))


def _fit(rows: Floats, labels: Ints, seed: int) -> HistGradientBoostingClassifier:
    model = HistGradientBoostingClassifier(
        max_iter=100, learning_rate=0.1, max_leaf_nodes=8, min_samples_leaf=10, l2_regularization=1.0,
        max_bins=32, max_features=0.3, early_stopping=False, class_weight="balanced", random_state=seed,
    )  # fmt: skip
    return model.fit(rows, labels)


def _boosting_classifier(seed: int) -> Classifier:
    return lambda rows, labels, unseen: np.asarray(_fit(rows, labels, seed).predict(unseen), np.int64)


def _permutation_drops(
    model: HistGradientBoostingClassifier, rows: Floats, labels: Ints, random: np.random.Generator
) -> Floats:
    """How much balanced accuracy falls when one column is shuffled, for every column."""
    weights = 0.5 / np.bincount(labels, minlength=2)[labels]
    columns = rows.shape[1]
    whole = float(weights @ (model.predict(rows) == labels))
    lost = np.zeros(columns)
    for _ in range(_PERMUTATIONS):
        shuffled = rows[random.permutation(len(rows))]
        many = np.repeat(rows[None], columns, 0)
        many[np.arange(columns), :, np.arange(columns)] = shuffled.T
        right = model.predict(many.reshape(-1, columns)).reshape(columns, -1) == labels
        lost += (whole - right @ weights) / _PERMUTATIONS
    return lost


def _accuracy(right: NDArray[np.bool_], labels: Ints, groups: Ints, seed: int) -> Accuracy:
    """Balanced accuracy, and percentiles of it when whole works are drawn anew from each side."""
    random = np.random.default_rng([seed, 11])
    recalls, draws, sizes = [], [], []
    for label in (0, 1):
        _, numbers = np.unique(groups[labels == label], return_inverse=True)
        correct = np.bincount(numbers, right[labels == label])
        count = np.bincount(numbers)
        recalls.append(correct.sum() / count.sum())
        times = random.multinomial(len(count), np.full(len(count), 1 / len(count)), _BOOTSTRAP_SAMPLES)
        draws.append((times @ correct) / (times @ count))
        sizes += [int(count.sum()), len(count)]
    low, high = np.percentile((draws[0] + draws[1]) / 2, [2.5, 97.5])
    return Accuracy(float(np.mean(recalls)), float(low), float(high), sizes[0], sizes[2], sizes[1], sizes[3])
