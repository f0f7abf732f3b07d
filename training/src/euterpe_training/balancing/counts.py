"""How many images of each class a set is cut to, and how many it is filled up with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from euterpe_training.balancing.images import ImageSet, counts_of_same_ratios, cut
from euterpe_training.errors import TrainingError

_GREY: Final = (4000, 2000, 1000, 750, 500, 350, 200, 100, 60, 40)
#: What the thesis cuts its sets to (references.md §3).
THESIS_COUNTS: Final = {
    "mnist": _GREY,
    "fashion": _GREY,
    "cifar10": (4500, 2000, 1000, 800, 600, 500, 400, 250, 150, 80),
}


@dataclass(frozen=True, eq=False)
class Unbalanced:
    """A set to balance, and real images to judge by that no generator ever sees.

    `whole` are all images that `train` was cut from.
    """

    train: ImageSet
    test: ImageSet
    whole: ImageSet


def parse_counts(text: str, images: ImageSet) -> list[int]:
    """Counts per class from `mnist`, `fashion`, `cifar10`, one of them over a number (`mnist/4`), a list, or `all`."""
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
            f"counts are {text!r}; give one of {known}, optionally over a number such as mnist/4, a list, or all"
        ) from None


def unbalance(train: ImageSet, test: ImageSet, counts: Sequence[int], seed: int = 0) -> Unbalanced:
    """`train` cut to `counts`, and `test` cut to the same ratios; both real."""
    small = cut(train, counts, seed)
    return Unbalanced(small, cut(test, counts_of_same_ratios([int(n) for n in test.counts], counts), seed), train)


def check_ratio(ratio: float) -> None:
    """TrainingError outside (0, 1]."""
    if not 0 < ratio <= 1:
        raise TrainingError(f"the ratio is {ratio}; it says how full each class becomes and lies in (0, 1]")


def missing(counts: NDArray[np.int64], ratio: float = 1.0) -> NDArray[np.int64]:
    """Images to make per class until each has `ratio` times the majority's; TrainingError outside (0, 1]."""
    check_ratio(ratio)
    if np.count_nonzero(counts) < 2:
        raise TrainingError("there is one class only; balancing needs two or more")
    wanted = np.rint(ratio * counts.max()).astype(np.int64)
    return np.where(counts > 0, np.maximum(wanted - counts, 0), 0).astype(np.int64)
