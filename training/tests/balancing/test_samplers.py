import numpy as np
import pytest
from euterpe_training.balancing.images import ImageSet
from euterpe_training.balancing.samplers import BaganGpSampler, DeepSmoteSampler
from imblearn.pipeline import make_pipeline
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.preprocessing import StandardScaler

SMOKE = {"recipe": "smoke", "device": "cpu", "random_state": 0}


@pytest.mark.parametrize("kind", [DeepSmoteSampler, BaganGpSampler])
def test_vectors_of_pixels_are_balanced_and_given_samples_stay(unbalanced: ImageSet, kind: type) -> None:
    x, y = unbalanced.images.reshape(92, -1), np.array(["big", "middle", "rare"])[unbalanced.labels]
    sampler = kind(**SMOKE)
    balanced, labels = sampler.fit_resample(x, y)
    assert balanced.dtype == np.uint8
    assert np.array_equal(balanced[:92], x)
    assert np.array_equal(labels[:92], y)
    assert dict(zip(*np.unique(labels, return_counts=True), strict=True)) == {"big": 60, "middle": 60, "rare": 60}
    assert sampler.is_synthetic_.tolist() == [False] * 92 + [True] * 88
    assert len(sampler.parents_) == 88
    for parents, label in zip(sampler.parents_, labels[92:], strict=True):
        assert {y[parent] for parent in parents} <= {label}
        assert len(parents) == (2 if kind is DeepSmoteSampler else 0)
    again, _ = clone(sampler).fit_resample(x, y)
    assert np.array_equal(again, balanced)
    other, _ = kind(**{**SMOKE, "random_state": 1}).fit_resample(x, y)
    assert not np.array_equal(other, balanced)


def test_images_of_other_shapes_and_ranges(unbalanced: ImageSet) -> None:
    x, y = unbalanced.images[:, 4:24, ::2] / 255.0 - 0.5, unbalanced.labels
    balanced, labels = DeepSmoteSampler(**SMOKE, sampling_strategy={2: 20}).fit_resample(x, y)
    assert balanced.shape == (104, 20, 14, 1)
    assert np.bincount(labels).tolist() == [60, 24, 20]
    assert np.array_equal(balanced[:92], x)
    assert balanced.min() >= x.min() - 1e-9
    assert balanced.max() <= x.max() + 1e-9
    colour = np.repeat(unbalanced.images, 3, axis=3).reshape(92, -1)
    balanced, _ = DeepSmoteSampler(**SMOKE, image_shape=(28, 28, 3)).fit_resample(colour, y)
    assert balanced.shape == (180, 28 * 28 * 3)


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
def test_a_sampler_works_in_a_pipeline_of_imbalanced_learn(unbalanced: ImageSet) -> None:
    x, y = unbalanced.images.reshape(92, -1).astype(np.float32), unbalanced.labels
    steps = (DeepSmoteSampler(**SMOKE, settings={"epochs": 1, "neighbours": 2}), StandardScaler(),
             LogisticRegression(max_iter=50))  # fmt: skip
    pipeline = make_pipeline(*steps)
    scores = cross_val_score(pipeline, x, y, cv=2)
    assert (scores > 0.6).all()
    # Predictions are not resampled.
    assert pipeline.fit(x, y).predict(x).shape == (92,)
    assert pipeline.get_params()["deepsmotesampler__recipe"] == "smoke"


@pytest.mark.parametrize(
    ("shape", "keep", "words"),
    [((28, 27), slice(None), "are not images; give image_shape"), (None, slice(0, 87), "c2|2 has 3 images")],
)
def test_samples_that_cannot_be_balanced_raise_value_errors(
    unbalanced: ImageSet, shape: tuple[int, int] | None, keep: slice, words: str
) -> None:
    x, y = unbalanced.images.reshape(92, -1)[keep], unbalanced.labels[keep]
    with pytest.raises(ValueError, match=words):
        DeepSmoteSampler(**SMOKE, image_shape=shape).fit_resample(x, y)
