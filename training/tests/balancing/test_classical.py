import numpy as np
import pytest
from euterpe_training.balancing.classical import CLASSICAL, resample
from euterpe_training.balancing.images import ImageSet
from euterpe_training.errors import TrainingError


@pytest.mark.parametrize("method", ["random-over", "smote", "smote-tomek"])
def test_classes_are_filled_up_and_real_images_stay(unbalanced: ImageSet, method: str) -> None:
    balanced = resample(unbalanced, method)
    assert balanced.counts.tolist() == [60, 60, 60]
    kept = {image.tobytes() for image in balanced.images}
    assert {image.tobytes() for image in unbalanced.images} <= kept
    assert balanced.images.dtype == np.uint8


def test_every_method_runs_and_the_rare_class_gains_share(unbalanced: ImageSet) -> None:
    before = unbalanced.counts[2] / len(unbalanced)
    for method in set(CLASSICAL) - {"adasyn"}:
        after = resample(unbalanced, method, seed=1)
        # Cleaning methods find nothing to remove here, but must not remove the rare class.
        assert after.counts[2] / len(after) >= before, method
        assert after.images.shape[1:] == unbalanced.images.shape[1:]


def test_adasyn_needs_classes_that_touch(unbalanced: ImageSet) -> None:
    with pytest.raises(TrainingError, match="adasyn cannot balance bars"):
        resample(unbalanced, "adasyn")
    random = np.random.default_rng(0)
    touching = ImageSet(
        "noise", random.integers(0, 256, (60, 4, 4, 1), np.uint8), np.repeat([0, 1], [45, 15]), ("a", "b")
    )
    assert resample(touching, "adasyn").counts[1] > 30


def test_a_ratio_fills_up_half(unbalanced: ImageSet) -> None:
    assert resample(unbalanced, "smote", ratio=0.5).counts.tolist() == [60, 30, 30]


def test_smote_interpolates_between_neighbours(make_bars: object) -> None:
    images = make_bars([40, 6])  # type: ignore[operator]
    made = resample(images, "smote").images[len(images) :].astype(int)
    rare = images.images[images.labels == 1].astype(int)
    assert (made >= rare.min(0) - 1).all()
    assert (made <= rare.max(0) + 1).all()
    assert len({image.tobytes() for image in made}) > 10


@pytest.mark.parametrize(
    ("counts", "method", "ratio", "words"),
    [
        ([40, 5], "smote", 1.0, "class c1 has 5 images, but 5 neighbours need 6"),
        ([2, 2, 2], "edited", 1.0, "edited leaves no image of class c1; use another method"),
        ([40], "random-over", 1.0, "only one class"),
        ([40, 9], "random-over", 1.5, r"must be in \(0, 1\]"),
        ([40, 9], "magic", 1.0, "methods are: random-under"),
    ],
)
def test_sets_that_cannot_be_balanced_are_refused(
    make_bars: object, counts: list[int], method: str, ratio: float, words: str
) -> None:
    with pytest.raises(TrainingError, match=words):
        resample(make_bars(counts), method, ratio)  # type: ignore[operator]
