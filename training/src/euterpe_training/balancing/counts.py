"""Counts per class: of unbalanced subsets, and of the images that balancing adds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from euterpe_training.balancing.images import ImageSet, counts_of_same_ratios, cut
from euterpe_training.errors import TrainingError

_GREY: Final = (4000, 2000, 1000, 750, 500, 350, 200, 100, 60, 40)
#: The thesis' counts per class (references.md §3).
THESIS_COUNTS: Final = {
    "mnist": _GREY,
    "fashion": _GREY,
    "cifar10": (4500, 2000, 1000, 800, 600, 500, 400, 250, 150, 80),
}


@dataclass(frozen=True, eq=False)
class Unbalanced:
    """A training set to balance, real test images, and the whole sets from which these were sampled."""

    train: ImageSet
    test: ImageSet
    whole: ImageSet
    whole_test: ImageSet | None = None

    @property
    def real_train(self) -> ImageSet:
        """The real images to balance: synthetic ones are never sources of others."""
        return self.train.real()


def parse_counts(text: str, images: ImageSet) -> list[int]:
    """Parse counts per class: `mnist`, `fashion`, `cifar10`, one of them divided (`mnist/4`), a list, or `all`.

    Raise TrainingError for other texts.
    """
    if text == "all":
        return [int(count) for count in images.counts]
    name, _, divisor = text.partition("/")
    try:
        by = float(divisor) if divisor else 1.0
        if name in THESIS_COUNTS and by >= 1:
            return [max(1, round(count / by)) for count in THESIS_COUNTS[name]]
        return [int(part) for part in text.split(",")]
    except ValueError:
        known = ", ".join(THESIS_COUNTS)
        raise TrainingError(
            f"--counts must be one of {known}, optionally divided as in mnist/4, a list, or all, got {text!r}"
        ) from None


def unbalance(train: ImageSet, test: ImageSet, counts: Sequence[int], seed: int = 0) -> Unbalanced:
    """Sample `train` down to `counts`, and `test`, if it has images, to the largest set of the same ratios."""
    small = cut(train, counts, seed)
    if not len(test):
        return Unbalanced(small, test, train, test)
    same = counts_of_same_ratios([int(n) for n in test.counts], counts)
    return Unbalanced(small, cut(test, same, seed), train, test)


def check_ratio(ratio: float) -> None:
    """Raise TrainingError for a ratio outside (0, 1]."""
    if not 0 < ratio <= 1:
        raise TrainingError(f"--ratio must be in (0, 1], got {ratio}")


def missing(counts: NDArray[np.int64], ratio: float = 1.0) -> NDArray[np.int64]:
    """Return the images per class that are missing to `ratio` times the largest count; classes without images get none.

    Raise TrainingError for a ratio outside (0, 1] or a single class.
    """
    check_ratio(ratio)
    if np.count_nonzero(counts) < 2:
        raise TrainingError("the set has only one class; balancing needs two or more")
    target = np.rint(ratio * counts.max()).astype(np.int64)
    return np.where(counts > 0, np.maximum(target - counts, 0), 0).astype(np.int64)
