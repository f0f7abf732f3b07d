"""Resampling with imbalanced-learn, on images as vectors of pixels."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from imblearn import combine, over_sampling, under_sampling
from numpy.typing import NDArray

from euterpe_training.balancing.counts import missing
from euterpe_training.balancing.images import ImageSet
from euterpe_training.errors import TrainingError

#: Neighbours of SMOTE and ADASYN, as in the papers.
NEIGHBOURS: Final = 5

_Strategy = dict[int, int] | str
_Make = Callable[[_Strategy, int], Any]

#: Oversamplers by name, given the target counts per class and a seed.
_OVER: Final[dict[str, _Make]] = {
    "random-over": lambda to, seed: over_sampling.RandomOverSampler(sampling_strategy=to, random_state=seed),
    "smote": lambda to, seed: over_sampling.SMOTE(sampling_strategy=to, k_neighbors=NEIGHBOURS, random_state=seed),
    "adasyn": lambda to, seed: over_sampling.ADASYN(sampling_strategy=to, n_neighbors=NEIGHBOURS, random_state=seed),
    "smote-tomek": lambda to, seed: combine.SMOTETomek(
        smote=_OVER["smote"](to, seed), sampling_strategy=to, random_state=seed
    ),
    "smote-enn": lambda to, seed: combine.SMOTEENN(
        smote=_OVER["smote"](to, seed), sampling_strategy=to, random_state=seed
    ),
}  # fmt: skip
#: Undersamplers by name, given a seed.
UNDER: Final[dict[str, Callable[[int], Any]]] = {
    "random-under": lambda seed: under_sampling.RandomUnderSampler(random_state=seed),
    "condensed": lambda seed: under_sampling.CondensedNearestNeighbour(random_state=seed),
    "edited": lambda _: under_sampling.EditedNearestNeighbours(),
    "repeated-edited": lambda _: under_sampling.RepeatedEditedNearestNeighbours(),
    "tomek": lambda _: under_sampling.TomekLinks(),
}
CLASSICAL: Final = (*UNDER, *_OVER)
_NEEDS_NEIGHBOURS: Final = {"smote", "adasyn", "smote-tomek", "smote-enn"}


def resample(images: ImageSet, method: str, ratio: float = 1.0, seed: int = 0) -> ImageSet:
    """Return the set resampled by a method; oversamplers fill each class up to `ratio` times the largest count.

    Raise TrainingError for an unknown method, a ratio outside (0, 1], a single class, or a class with too few members
    for its neighbours.
    """
    if method not in CLASSICAL:
        raise TrainingError(f"there is no resampling method {method!r}; the methods are: {', '.join(CLASSICAL)}")
    counts = images.counts
    target = counts + missing(counts, ratio)
    if method in _NEEDS_NEIGHBOURS:
        check_neighbours(images, NEIGHBOURS, target > counts)
    flat = images.images.reshape(len(images), -1).astype(np.float32)
    try:
        if method in UNDER:
            sampler = UNDER[method](seed)
            sampler.fit_resample(flat, images.labels)
            balanced = images.take(np.sort(sampler.sample_indices_))
        else:
            strategy = {label: int(count) for label, count in enumerate(target) if count}
            # Interpolated pixels are floats between 0 and 255.
            balanced = _as_images(images, *_OVER[method](strategy, seed).fit_resample(flat, images.labels))
    except (ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise TrainingError(f"{method} cannot balance {images.name}: {reason}") from error
    for label in np.flatnonzero((counts > 0) & (balanced.counts == 0)):
        raise TrainingError(f"{method} leaves no image of class {images.classes[label]}; use another method")
    return balanced


def check_neighbours(images: ImageSet, neighbours: int, oversampled: NDArray[np.bool_]) -> None:
    """Raise TrainingError when a class that is `oversampled` has too few members for so many neighbours."""
    counts = images.counts
    for label in np.flatnonzero(oversampled & (counts > 0) & (counts <= neighbours)):
        raise TrainingError(
            f"class {images.classes[label]} has {counts[label]} images, but {neighbours} neighbours need "
            f"{neighbours + 1}; add images, or balance with random-over"
        )


def _as_images(images: ImageSet, values: Any, labels: Any) -> ImageSet:
    """Return samples as a set; every image is its own group."""
    pixels = np.clip(np.rint(values), 0, 255).astype(np.uint8).reshape(-1, *images.images.shape[1:])
    return ImageSet(images.name, pixels, np.asarray(labels, np.int64), images.classes)
