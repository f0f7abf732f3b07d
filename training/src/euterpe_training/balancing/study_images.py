"""What a study stores on images: the quality of synthetic ones, and pictures of both kinds."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import torch

from euterpe_training.balancing.classifier import FitOptions, TrainedClassifier, fit
from euterpe_training.balancing.data_section import sample_grid
from euterpe_training.balancing.image_grid import grid, save_picture
from euterpe_training.balancing.images import ImageSet, split
from euterpe_training.balancing.quality import MIN_FOR_DISTANCE, features, kernel_distance, nearest, self_similarity
from euterpe_training.balancing.repetition import VALIDATION_SHARE, Repetition
from euterpe_training.balancing.study_results import StudyResults
from euterpe_training.balancing.treatments import Treatment

_SHOWN: Final = 12
_MAX_COMPARED: Final = 200
_MAX_FOR_DISTANCE: Final = 500
REAL_PICTURE: Final = "real-images"
#: Name of the rows of real images in the table of quality.
HELD_OUT: Final = "real, held out"


def describe_images(
    results: StudyResults, repetition: Repetition, treatments: Sequence[Treatment], options: FitOptions,
    device: torch.device,
) -> None:  # fmt: skip
    """Add the quality of synthetic images and pictures to the results of the first repetition."""
    train = repetition.task.train
    save_picture(sample_grid(train), results.directory / f"{REAL_PICTURE}.png")
    results.pictures = {REAL_PICTURE: "Real training images, one row per class: " + ", ".join(train.classes)}
    generative = [one for one in treatments if one.method is not None and one.synthetic]
    for one in generative:
        _add_samples(results, repetition, one)
    if generative:
        results.quality = _quality(repetition, generative, options, device)


def synthetic_images(treatment: Treatment) -> list[tuple[str, ImageSet]]:
    """Return, by class, the images that a treatment made."""
    made = np.array([one is not None and one.method == treatment.name for one in treatment.train.made], bool)
    added = treatment.train.take(np.flatnonzero(made))
    found = ((name, added.take(added.of(label))) for label, name in enumerate(added.classes))
    return [(name, images) for name, images in found if len(images)]


def _add_samples(results: StudyResults, repetition: Repetition, treatment: Treatment) -> None:
    real, rows = repetition.train.real(), []
    for _, synthetic in synthetic_images(treatment):
        shown = synthetic.images[:_SHOWN]
        own = real.images[real.of(int(synthetic.labels[0]))]
        rows += [shown, own[nearest(shown, own)[0]]]
    names = ", ".join(name for name, _ in synthetic_images(treatment))
    save_picture(grid(rows), results.directory / f"made-{treatment.name}.png")
    results.pictures[f"made-{treatment.name}"] = f"Two rows per class: {names}"
    assert treatment.method is not None
    results.losses[treatment.name] = treatment.method.history


def _quality(
    repetition: Repetition, treatments: Sequence[Treatment], options: FitOptions, device: torch.device
) -> list[dict[str, Any]]:
    """Return rows on synthetic images and on held-out real ones, by class."""
    whole = repetition.task.whole.real()
    shown, kept = split(whole, VALIDATION_SHARE, repetition.seed)
    classifier = fit(shown, kept, replace(options, network="small", loss="cross-entropy"), repetition.seed, device)
    real = repetition.train.real()
    rows = []
    made = {treatment.name: dict(synthetic_images(treatment)) for treatment in treatments}
    for label, name in enumerate(real.classes):
        own, every = real.images[real.of(label)], whole.take(whole.of(label))
        test = repetition.test.take(repetition.test.of(label))
        rows.append({"class": name, "images": HELD_OUT, **_measures(classifier, own, test)})
        for method, found in made.items():
            if name in found:
                row = {"class": name, "images": method, **_measures(classifier, own, found[name])}
                rows.append(row | _distances(classifier, every, found[name]))
    return rows


def _measures(classifier: TrainedClassifier, own: Any, images: ImageSet) -> dict[str, Any]:
    """Return measures of images of one class; `own` are its real training images."""
    if not len(images):
        return {"count": 0}
    return {
        "count": len(images),
        "recognised": classifier.scores(images).accuracy,
        "similarity": self_similarity(images.images),
        "nearest": float(nearest(images.images[:_MAX_COMPARED], own)[1].mean()),
    }


def _distances(classifier: TrainedClassifier, real: ImageSet, made: ImageSet) -> dict[str, Any]:
    """Return the kernel distance of synthetic images from real ones, and of two real sets of the same size.

    Nothing when there are too few images for either.
    """
    count = min(len(made), len(real) // 2, _MAX_FOR_DISTANCE)
    if count < MIN_FOR_DISTANCE:
        return {}
    order = np.random.default_rng(0).permutation(len(real))
    first, second = (real.images[half] for half in np.array_split(order, 2))
    known, other, found = (features(classifier.network, pixels) for pixels in (first, second, made.images))
    return {
        "distance_count": count,
        "distance": kernel_distance(known, found, count),
        "distance_of_real": kernel_distance(known, other, count),
    }
