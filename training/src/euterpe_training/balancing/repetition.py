"""One whole repetition of an experiment: cut, split, generator, resampling and classifier share its seed."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from euterpe_training.balancing.counts import Unbalanced
from euterpe_training.balancing.images import ImageSet, split
from euterpe_training.errors import TrainingError

VALIDATION_SHARE: Final = 0.2


@dataclass(frozen=True, eq=False)
class Repetition:
    """The images of one repetition.

    `train` is to be balanced, `validation` and the two test sets are real. `test` has the ratios of the training set;
    `balanced_test` has equally many images (with groups: groups) of every class, so that no class' score depends on a
    few images. It is empty when a class has no test images.
    """

    seed: int
    task: Unbalanced
    train: ImageSet
    validation: ImageSet
    balanced_test: ImageSet

    @classmethod
    def of(cls, task: Unbalanced, seed: int) -> "Repetition":
        """Split a task; raise TrainingError when it has no test images, or a class cannot be split."""
        if not len(task.test):
            raise TrainingError("a study needs test images; omit --test-share 0")
        train, validation = split(task.train, VALIDATION_SHARE, seed)
        return cls(seed, task, train, validation, class_balanced(task.whole_test or task.test, seed))

    @property
    def test(self) -> ImageSet:
        """The real test images in the ratios of the training set."""
        return self.task.test


def class_balanced(images: ImageSet, seed: int) -> ImageSet:
    """Return as many groups of every class as the class with the fewest has, chosen at random."""
    random = np.random.default_rng(seed)
    groups = [np.unique(images.groups[images.of(label)]) for label in range(len(images.classes))]
    count = min(len(one) for one in groups)
    chosen = [random.permutation(one)[:count] for one in groups]
    member = np.zeros(len(images), bool)
    for label, own in enumerate(chosen):
        member |= (images.labels == label) & np.isin(images.groups, own)
    return images.take(np.flatnonzero(member))
