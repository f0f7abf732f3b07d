"""Quality of synthetic images: distance from real ones, variety, and memorization."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import linalg
from skimage.metrics import structural_similarity
from sklearn.neighbors import NearestNeighbors
from torch import nn

from euterpe_training.balancing.images import Pixels
from euterpe_training.balancing.networks import SmallNetwork
from euterpe_training.balancing.pixels import to_tensor

_BATCH = 512
_SSIM_WINDOW = 7


def frechet_distance(real: NDArray[np.float64], synthetic: NDArray[np.float64]) -> float:
    """Return the distance of normal distributions fitted to features [count, size] (Heusel et al. 2017, eq. 6)."""
    mean_real, mean_synthetic = real.mean(0), synthetic.mean(0)
    covariance_real, covariance_synthetic = np.cov(real, rowvar=False), np.cov(synthetic, rowvar=False)
    # tr(√(AB)) from the eigenvalues of the symmetric √A·B·√A, which are non-negative up to rounding.
    root = linalg.sqrtm(covariance_real + 1e-9 * np.eye(len(mean_real))).real
    eigenvalues = np.linalg.eigvalsh(root @ covariance_synthetic @ root)
    trace = covariance_real.trace() + covariance_synthetic.trace() - 2 * np.sqrt(np.maximum(eigenvalues, 0)).sum()
    return float(max(np.square(mean_real - mean_synthetic).sum() + trace, 0.0))


@torch.no_grad()
def features(network: nn.Module, images: Pixels) -> NDArray[np.float64]:
    """Return the inputs [count, size] of the last layer of the network `small`.

    Fréchet distances on these are comparable between sets with the same network, but not with Inception's FID.
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
