"""Quality of synthetic images: distance from real ones, variety, and memorization."""

from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from skimage.metrics import structural_similarity
from sklearn.neighbors import NearestNeighbors
from torch import nn

from euterpe_training.balancing.images import Pixels
from euterpe_training.balancing.networks import SmallNetwork
from euterpe_training.balancing.pixels import to_tensor
from euterpe_training.errors import TrainingError

#: Fewer images than this say nothing about a distribution: their distance is not computed.
MIN_FOR_DISTANCE: Final = 50
_BATCH = 512
_SSIM_WINDOW = 7


def kernel_distance(
    first: NDArray[np.float64], second: NDArray[np.float64], count: int, draws: int = 20, seed: int = 0
) -> tuple[float, float]:
    """Return the kernel distance of two sets of features [count, size], as mean and standard deviation over draws.

    The squared maximum mean discrepancy with the kernel (x·y / size + 1)³, without bias for any number of images
    (Bińkowski et al. 2018, section 4); around 0 for sets of the same distribution. Each draw takes `count` rows of
    either set. Raise TrainingError for fewer than MIN_FOR_DISTANCE.
    """
    if min(count, len(first), len(second)) < MIN_FOR_DISTANCE or count > min(len(first), len(second)):
        raise TrainingError(f"a distance needs {MIN_FOR_DISTANCE} images of either kind")
    random = np.random.default_rng(seed)
    values = []
    for _ in range(draws):
        x, y = (rows[random.choice(len(rows), count, replace=False)] for rows in (first, second))
        within = (_kernel(x, x), _kernel(y, y))
        own = sum((matrix.sum() - matrix.trace()) / (count * (count - 1)) for matrix in within)
        values.append(own - 2 * _kernel(x, y).mean())
    return float(np.mean(values)), float(np.std(values))


def _kernel(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((x @ y.T / x.shape[1] + 1) ** 3)


@torch.no_grad()
def features(network: nn.Module, images: Pixels) -> NDArray[np.float64]:
    """Return the inputs [count, size] of the last layer of the network `small`.

    Distances on these are comparable between sets with the same network, but not with those on Inception's features.
    """
    if not isinstance(network, SmallNetwork):
        raise TypeError("features need the network 'small'")
    network.eval()
    device = next(network.parameters()).device
    parts = [network.features(part.to(device)).cpu() for part in torch.split(to_tensor(images), _BATCH)]
    return np.asarray(torch.cat(parts).numpy(), np.float64)


def self_similarity(images: Pixels, pairs: int = 200, seed: int = 0) -> float:
    """Return the mean SSIM of random pairs of images of one class: 1 when all are equal, lower with more variety."""
    if len(images) < 2:
        return 1.0
    random = np.random.default_rng(seed)
    first = random.integers(0, len(images), pairs)
    second = (first + random.integers(1, len(images), pairs)) % len(images)
    compare: Any = structural_similarity
    options = {"channel_axis": -1, "win_size": _SSIM_WINDOW, "data_range": 255}
    return float(np.mean([compare(images[a], images[b], **options) for a, b in zip(first, second, strict=True)]))


def nearest(synthetic: Pixels, real: Pixels) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return, per synthetic image, the index of the nearest real one and their root mean squared pixel difference."""
    flat = [np.asarray(images, np.float32).reshape(len(images), -1) for images in (synthetic, real)]
    distances, indices = NearestNeighbors(n_neighbors=1).fit(flat[1]).kneighbors(flat[0])
    return indices[:, 0].astype(np.int64), distances[:, 0] / np.sqrt(flat[0].shape[1])
