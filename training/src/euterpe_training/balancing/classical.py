"""Resampling with imbalanced-learn, on images as vectors of pixels."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from imblearn import combine, over_sampling, under_sampling
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from euterpe_training.balancing.counts import missing
from euterpe_training.balancing.images import ImageSet, Labels, Pixels
from euterpe_training.balancing.provenance import Made
from euterpe_training.errors import TrainingError

#: Neighbours of SMOTE and ADASYN, as in the papers.
NEIGHBOURS: Final = 5
_SEGMENT_BATCH: Final = 256

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
    strategy = {label: int(count) for label, count in enumerate(target) if count}
    sampler = UNDER[method](seed) if method in UNDER else _OVER[method](strategy, seed)
    try:
        values, labels = sampler.fit_resample(flat, images.labels)
    except (ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise TrainingError(f"{method} cannot balance {images.name}: {reason}") from error
    if method in UNDER:
        balanced = images.take(np.sort(sampler.sample_indices_))
    else:
        balanced = _oversampled(images, method, seed, sampler, values, labels)
    for label in np.flatnonzero((counts > 0) & (balanced.counts == 0)):
        raise TrainingError(f"{method} leaves no image of class {images.classes[label]}; use another method")
    return balanced


def _oversampled(images: ImageSet, method: str, seed: int, sampler: Any, values: Any, labels: Any) -> ImageSet:
    """Return the remaining real images, followed by the synthetic ones with their parents."""
    count = len(images)
    # Oversamplers return the real samples first; a cleaning step then removes samples of both kinds.
    cleaner = next((found for name in ("tomek_", "enn_") if (found := getattr(sampler, name, None))), None)
    kept = np.arange(len(labels)) if cleaner is None else np.asarray(cleaner.sample_indices_)
    # Interpolated pixels are floats between 0 and 255.
    pixels = np.clip(np.rint(values), 0, 255).astype(np.uint8).reshape(-1, *images.images.shape[1:])
    synthetic = kept >= count
    added, own = pixels[synthetic], np.asarray(labels, np.int64)[synthetic]
    copied = method == "random-over"
    parents = sampler.sample_indices_[count:, None] if copied else segment_parents(images, added, own)
    made = [Made(method, seed, tuple(dict.fromkeys(images.groups[row].tolist()))) for row in parents]
    return images.take(np.sort(kept[~synthetic])).joined(added, own, made)


def segment_parents(images: ImageSet, added: Pixels, labels: Labels) -> NDArray[np.int64]:
    """Return, per interpolated image, the indices of the member of its class and of the neighbour it lies between.

    imbalanced-learn does not report them: they are the ends of the nearest of the segments on which SMOTE and ADASYN
    sample, from each member to its neighbours. Return [count, 2].
    """
    found = np.zeros((len(added), 2), np.int64)
    for label in np.unique(labels):
        own = images.of(int(label))
        points = images.images[own].reshape(len(own), -1).astype(np.float32)
        finder = NearestNeighbors(n_neighbors=min(NEIGHBOURS + 1, len(own))).fit(points)
        near = finder.kneighbors(points, return_distance=False)[:, 1:]
        start, end = np.repeat(np.arange(len(own)), near.shape[1]), near.ravel()
        direction = points[end] - points[start]
        length = np.maximum((direction**2).sum(1), 1e-9)
        offset, square = (points[start] * direction).sum(1), (points**2).sum(1)[start]
        which = np.flatnonzero(labels == label)
        for part in np.array_split(which, -(-len(which) // _SEGMENT_BATCH)):
            made = added[part].reshape(len(part), -1).astype(np.float32)
            along = made @ direction.T - offset
            # Squared distances, without the square of the image itself, from the nearest point of each segment.
            share = np.clip(along / length, 0, 1)
            distance = square - 2 * (made @ points.T)[:, start] - 2 * share * along + share**2 * length
            best = distance.argmin(1)
            found[part] = own[np.column_stack([start[best], end[best]])]
    return found


def check_neighbours(images: ImageSet, neighbours: int, oversampled: NDArray[np.bool_]) -> None:
    """Raise TrainingError when a class that is `oversampled` has too few members for so many neighbours."""
    counts = images.counts
    for label in np.flatnonzero(oversampled & (counts > 0) & (counts <= neighbours)):
        raise TrainingError(
            f"class {images.classes[label]} has {counts[label]} images, but {neighbours} neighbours need "
            f"{neighbours + 1}; add images, or balance with random-over"
        )
