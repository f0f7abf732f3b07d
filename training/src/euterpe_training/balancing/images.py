"""Labelled images in memory, their subsets and splits."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from euterpe_training.balancing.provenance import Made
from euterpe_training.errors import TrainingError

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ImageSet:
    """`images` are uint8 [count, height, width, channels], `labels` [count] index into `classes`.

    `groups` [count] identifies images that belong together, such as windows of one piece, which a split keeps together.
    By default each image is its own group. `files` [count] has the SourceFile of an image that was read from one, and
    `made` [count] how a synthetic image was made; both are None otherwise. Raise TrainingError when the shapes do not
    match.
    """

    name: str
    images: Pixels
    labels: Labels
    classes: tuple[str, ...]
    groups: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    files: NDArray[np.object_] = field(default_factory=lambda: np.zeros(0, object))
    made: NDArray[np.object_] = field(default_factory=lambda: np.zeros(0, object))

    def __post_init__(self) -> None:
        if self.images.ndim != 4 or self.images.shape[-1] not in (1, 3) or self.images.dtype != np.uint8:
            raise TrainingError(f"the images of {self.name} must have 8 bits and one or three channels")
        if len(self.images) != len(self.labels):
            raise TrainingError(f"{self.name} has {len(self.images)} images but {len(self.labels)} labels")
        if len(self.labels) and not 0 <= int(self.labels.min()) <= int(self.labels.max()) < len(self.classes):
            raise TrainingError(f"{self.name} has labels outside its {len(self.classes)} classes")
        if len(self.groups) != len(self.labels):
            object.__setattr__(self, "groups", np.arange(len(self.labels)))
        for name in ("files", "made"):
            if len(getattr(self, name)) != len(self.labels):
                object.__setattr__(self, name, np.full(len(self.labels), None, object))

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def counts(self) -> NDArray[np.int64]:
        """Images per class."""
        return np.bincount(self.labels, minlength=len(self.classes))

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return int(self.images.shape[1]), int(self.images.shape[2])

    @property
    def channels(self) -> int:
        """1 for grey images, 3 for colour images."""
        return int(self.images.shape[3])

    def of(self, label: int) -> NDArray[np.int64]:
        """Return the indices of a class' images."""
        return np.flatnonzero(self.labels == label)

    @property
    def is_made(self) -> NDArray[np.bool_]:
        """Whether each image is synthetic."""
        return np.array([one is not None for one in self.made], bool)

    def real(self) -> "ImageSet":
        """Return the set without synthetic images."""
        return self.take(np.flatnonzero(~self.is_made))

    def take(self, indices: NDArray[Any]) -> "ImageSet":
        """Return some of the images, in the order of `indices`."""
        return replace(
            self, images=self.images[indices], labels=self.labels[indices], groups=self.groups[indices],
            files=self.files[indices], made=self.made[indices],
        )  # fmt: skip

    def joined(self, images: Pixels, labels: Labels, made: Sequence[Made]) -> "ImageSet":
        """Return the set with synthetic images at the end, each its own group; `made` says how each was made."""
        first = int(self.groups.max(initial=-1)) + 1
        described = np.full(len(labels), None, object)
        described[:] = list(made)
        return replace(
            self,
            images=np.concatenate([self.images, images]),
            labels=np.concatenate([self.labels, labels]),
            groups=np.concatenate([self.groups, np.arange(first, first + len(labels))]),
            files=np.concatenate([self.files, np.full(len(labels), None, object)]),
            made=np.concatenate([self.made, described]),
        )


def cut(images: ImageSet, counts: Sequence[int], seed: int = 0) -> ImageSet:
    """Sample `counts[c]` images of each class c, in random order; raise TrainingError when a class has fewer."""
    if len(counts) != len(images.classes):
        raise TrainingError(f"{len(counts)} counts were given, but {images.name} has {len(images.classes)} classes")
    random = np.random.default_rng(seed)
    chosen = []
    for label, (count, available) in enumerate(zip(counts, images.counts, strict=True)):
        if not 1 <= count <= available:
            name = images.classes[label]
            raise TrainingError(
                f"class {name} of {images.name} has {available} images; its count must be in 1..{available}, "
                f"got {count}"
            )
        chosen.append(random.choice(images.of(label), count, replace=False))
    return images.take(random.permutation(np.concatenate(chosen)))


def counts_of_same_ratios(available: Sequence[int], counts: Sequence[int]) -> list[int]:
    """Return the largest counts within `available` that have the ratios of `counts`, at least one per class."""
    factor = min(maximum / count for maximum, count in zip(available, counts, strict=True))
    return [max(1, int(count * factor + 1e-9)) for count in counts]


def split(images: ImageSet, share: float, seed: int = 0) -> tuple[ImageSet, ImageSet]:
    """Split a set into two parts, the second with about `share` of every class, without splitting groups.

    Every class has at least one group in either part; raise TrainingError when it has only one. The second part has
    real images only. Synthetic images go to the first one, except those that were made from an image of the second.
    """
    random = np.random.default_rng(seed)
    second = np.zeros(len(images), bool)
    synthetic = images.is_made
    for label, name in enumerate(images.classes):
        members = np.flatnonzero((images.labels == label) & ~synthetic)
        if not len(members):
            continue
        groups = random.permutation(np.unique(images.groups[members]))
        if len(groups) < 2:
            raise TrainingError(f"class {name} of {images.name} has one member; a split needs two or more")
        count = min(max(1, round(len(groups) * share)), len(groups) - 1)
        second |= np.isin(images.groups, groups[:count]) & ~synthetic
    held_out = set(images.groups[second].tolist())
    derived = np.array([one is not None and not held_out.isdisjoint(one.parents) for one in images.made], bool)
    return images.take(np.flatnonzero(~second & ~derived)), images.take(np.flatnonzero(second))
