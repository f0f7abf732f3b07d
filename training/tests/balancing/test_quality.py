import numpy as np
import pytest
import torch
from euterpe_training.balancing.images import ImageSet
from euterpe_training.balancing.networks import SmallNetwork
from euterpe_training.balancing.quality import features, kernel_distance, nearest, self_similarity
from euterpe_training.errors import TrainingError


def test_the_kernel_distance_is_around_0_for_equal_distributions_of_any_size() -> None:
    random = np.random.default_rng(0)
    for count in (50, 200):
        mean, spread = kernel_distance(random.normal(0, 1, (400, 8)), random.normal(0, 1, (400, 8)), count, 200)
        # Without bias: a Fréchet distance of 50 samples would be far from 0.
        assert abs(mean) < 0.25 * spread + 0.02
    far, _ = kernel_distance(random.normal(0, 1, (400, 8)), random.normal(1, 1, (400, 8)), 200)
    # By hand: E k = E (s + 1)³ with s = x·y / 8, for means 0 and 1.
    moments = [0.0, 0.0, 0.0]
    x, y = (random.normal(0, 1, (200_000, 8)) for _ in range(2))
    for index, (a, b) in enumerate(((x, y), (x + 1, y + 1), (x, y + 1))):
        moments[index] = float((((a * b).sum(1) / 8 + 1) ** 3).mean())
    assert far == pytest.approx(moments[0] + moments[1] - 2 * moments[2], rel=0.15)


def test_a_distance_of_few_images_is_refused() -> None:
    few, many = np.zeros((49, 3)), np.zeros((200, 3))
    for sets in ((few, many), (many, few)):
        with pytest.raises(TrainingError, match="needs 50 images"):
            kernel_distance(*sets, 50)


def test_features_tell_noise_from_bars(make_bars: object) -> None:
    torch.manual_seed(0)
    network = SmallNetwork(1, 3)
    images = make_bars([60, 60, 60]).images  # type: ignore[operator]
    halves = [features(network, images[start::2]) for start in (0, 1)]
    noise = features(network, np.random.default_rng(0).integers(0, 256, (90, 28, 28, 1), np.uint8))
    assert halves[0].shape == (90, 96)
    assert kernel_distance(*halves, 80)[0] < 0.2 * kernel_distance(halves[0], noise, 80)[0]


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
