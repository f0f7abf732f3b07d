"""Scores of a classifier, and confidence intervals over seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score

_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Scores:
    """Scores of one run. `confusion[i][j]` counts examples of class i classified as j."""

    accuracy: float
    macro_f1: float
    f1: tuple[float, ...]
    confusion: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, labels: NDArray[np.int64], guesses: NDArray[np.int64], classes: int) -> "Scores":
        """Compute scores from true labels and predictions; a class that is never predicted has an F1 of 0."""
        every = list(range(classes))
        per_class = f1_score(labels, guesses, labels=every, average=None, zero_division=0)
        table = confusion_matrix(labels, guesses, labels=every)
        return cls(
            float(accuracy_score(labels, guesses)),
            float(np.mean(per_class)),
            tuple(float(value) for value in per_class),
            tuple(tuple(int(count) for count in row) for row in table),
        )


@dataclass(frozen=True)
class Interval:
    """A mean over seeds with its 95 % confidence interval (Student's t)."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Interval":
        """Compute the interval; that of a single value is infinite."""
        mean = float(np.mean(values))
        if len(values) < 2:
            return cls(mean, float("-inf"), float("inf"))
        half = float(stats.t.ppf(0.5 + _CONFIDENCE / 2, len(values) - 1)) * float(np.std(values, ddof=1))
        half /= float(np.sqrt(len(values)))
        return cls(mean, mean - half, mean + half)

    @property
    def half(self) -> float:
        """Half of its width."""
        return self.high - self.mean

    def __str__(self) -> str:
        if np.isinf(self.high):
            return f"{self.mean:.3f}"
        return f"{self.mean:.3f} ± {self.half:.3f}"


def difference(ours: Sequence[float], theirs: Sequence[float]) -> Interval:
    """Return the interval of the differences between paired runs, such as those with the same seed."""
    return Interval.of([mine - other for mine, other in zip(ours, theirs, strict=True)])


def signed(interval: Interval) -> str:
    """Format a difference with its sign, and with its bounds if they are finite."""
    if np.isinf(interval.high):
        return f"{interval.mean:+.3f}"
    return f"{interval.mean:+.3f} ({interval.low:+.3f} to {interval.high:+.3f})"
