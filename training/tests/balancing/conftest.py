"""Made-up image sets: bars whose place tells the class, cheap to make and possible to learn."""

from collections.abc import Callable

import numpy as np
import pytest
from euterpe_training.balancing.images import ImageSet

MakeBars = Callable[..., ImageSet]


def bars(counts: list[int], size: int = 28, channels: int = 1, seed: int = 0) -> ImageSet:
    """Class c is a bright bar in rows that belong to c, on noise."""
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(counts)), counts)
    images = random.integers(0, 60, (len(labels), size, size, channels)).astype(np.uint8)
    step = size // len(counts)
    for image, label in zip(images, labels, strict=True):
        top = label * step + random.integers(0, max(1, step // 2))
        image[top : top + 3, random.integers(0, 6) : size - random.integers(0, 6)] = random.integers(180, 255)
    return ImageSet("bars", images, labels.astype(np.int64), tuple(f"c{n}" for n in range(len(counts))))


@pytest.fixture(scope="session")
def make_bars() -> MakeBars:
    return bars


@pytest.fixture(scope="session")
def unbalanced() -> ImageSet:
    return bars([60, 24, 8])
