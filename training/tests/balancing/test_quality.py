import numpy as np
import pytest
import torch
from euterpe_training.balancing.images import ImageSet
from euterpe_training.balancing.networks import SmallNetwork
from euterpe_training.balancing.quality import features, frechet_distance, nearest, self_similarity


def test_the_frechet_distance_of_two_normals_by_hand() -> None:
    random = np.random.default_rng(0)
    real = random.normal(0, 1, (40_000, 3))
    # Means differ by 2 in one axis, standard deviations by 1 in each: 4 + 3·(2 − 1)².
    made = random.normal([2, 0, 0], 2, (40_000, 3))
    assert frechet_distance(real, real) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(real, made) == pytest.approx(7, rel=0.03)
    assert frechet_distance(made, real) == pytest.approx(frechet_distance(real, made), rel=1e-6)


def test_features_tell_noise_from_bars(unbalanced: ImageSet) -> None:
    torch.manual_seed(0)
    network = SmallNetwork(1, 3)
    halves = [features(network, unbalanced.images[start::2]) for start in (0, 1)]
    noise = features(network, np.random.default_rng(0).integers(0, 256, (60, 28, 28, 1), np.uint8))
    assert halves[0].shape == (46, 96)
    assert frechet_distance(*halves) < 0.2 * frechet_distance(halves[0], noise)


def test_similarity_is_one_for_copies_and_less_for_others(unbalanced: ImageSet) -> None:
    copies = np.repeat(unbalanced.images[:1], 5, axis=0)
    assert self_similarity(copies) == pytest.approx(1)
    assert self_similarity(unbalanced.images) < 0.6
    assert self_similarity(np.zeros((4, 64, 64, 3), np.uint8)) == pytest.approx(1)


def test_the_nearest_real_image_is_found(unbalanced: ImageSet) -> None:
    made = unbalanced.images[[7, 70, 3]].copy()
    made[1, 0, 0, 0] ^= 255
    found, distances = nearest(made, unbalanced.images)
    assert found.tolist() == [7, 70, 3]
    assert distances[[0, 2]].tolist() == [0, 0]
    assert 0 < distances[1] <= 255 / 28
