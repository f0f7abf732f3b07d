"""How good a classifier is on real images, and how sure one can be of that."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score

_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Scores:
    """Of one run. `confusion[i][j]` counts images of class i taken for j."""

    accuracy: float
    macro_f1: float
    f1: tuple[float, ...]
    confusion: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, labels: NDArray[np.int64], guesses: NDArray[np.int64], classes: int) -> "Scores":
        """From what is true and what was guessed; a class never guessed has an F1 of 0."""
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
    """A mean over seeds with its 95 % interval after Student."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Interval":
        """One value has no interval: its ends are endless."""
        mean = float(np.mean(values))
        if len(values) < 2:
            return cls(mean, float("-inf"), float("inf"))
        half = float(stats.t.ppf(0.5 + _CONFIDENCE / 2, len(values) - 1)) * float(np.std(values, ddof=1))
        half /= float(np.sqrt(len(values)))
        return cls(mean, mean - half, mean + half)

    @property
    def half(self) -> float:
        """Half its width."""
        return self.high - self.mean

    def __str__(self) -> str:
        if np.isinf(self.high):
            return f"{self.mean:.3f}"
        return f"{self.mean:.3f} ± {self.half:.3f}"


def difference(ours: Sequence[float], theirs: Sequence[float]) -> Interval:
    """Of the differences between runs with the same seed, which share everything but the balancing."""
    return Interval.of([mine - other for mine, other in zip(ours, theirs, strict=True)])


def signed(interval: Interval) -> str:
    """A difference in words, with its bounds where it has some."""
    if np.isinf(interval.high):
        return f"{interval.mean:+.3f}"
    return f"{interval.mean:+.3f} ({interval.low:+.3f} to {interval.high:+.3f})"
