"""DeepSMOTE and BAGAN-GP as samplers with scikit-learn's conventions, for pipelines of imbalanced-learn.

from euterpe_training.balancing.samplers import DeepSmoteSampler

X_balanced, y_balanced = DeepSmoteSampler(image_shape=(28, 28), random_state=0).fit_resample(X, y)
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from imblearn.base import BaseSampler
from imblearn.utils import check_target_type
from numpy.typing import NDArray
from sklearn.utils import check_array, check_consistent_length, check_random_state
from sklearn.utils.validation import column_or_1d

from euterpe_training.balancing.config import (
    BAGAN_RECIPES,
    DEEPSMOTE_RECIPES,
    BaganConfig,
    DeepSmoteConfig,
    find_recipe,
)
from euterpe_training.balancing.images import ImageSet, Pixels
from euterpe_training.balancing.method import Method
from euterpe_training.balancing.pixels import device_for
from euterpe_training.balancing.run import make_method
from euterpe_training.errors import TrainingError

#: The networks accept squares of this size and more; smaller images are padded and cut.
_MIN_SIZE = 28


class _ImageSampler(BaseSampler):  # type: ignore[misc]
    """Base of the samplers.

    `sampling_strategy` is that of imbalanced-learn's oversamplers: "auto" for as many samples of every class as of the
    largest, a dictionary of targets, a ratio for two classes, or a function.

    `image_shape` is the height, width and, for colour, 3 channels of the images in the rows of X; without it rows are
    square grey images. X may also be [count, height, width] or [count, height, width, channels]. Pixels are uint8, or
    numbers of any range, of which the networks see 256 levels between the smallest and the largest in X. The returned X
    has the shape and type of the given one, first the given samples, unchanged, then the synthetic ones.

    `recipe` names the settings, `settings` changes some of them, such as {"epochs": 50}; `device` is auto, cpu or cuda.
    After `fit_resample`, `is_synthetic_` [count] tells which samples are synthetic, `parents_` [synthetic] has the
    indices of the given samples from which each was made, and `method_` is the trained method. Raise ValueError for
    samples that the method cannot balance.
    """

    _sampling_type = "over-sampling"
    _parameter_constraints: dict[str, Any] = {}  # noqa: RUF012 - scikit-learn's convention
    _recipes: Mapping[str, DeepSmoteConfig | BaganConfig] = {}

    def __init__(
        self, *, sampling_strategy: Any = "auto", image_shape: tuple[int, ...] | None = None, recipe: str = "quick",
        settings: Mapping[str, Any] | None = None, device: str = "auto", random_state: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(sampling_strategy=sampling_strategy)
        self.image_shape = image_shape
        self.recipe = recipe
        self.settings = settings
        self.device = device
        self.random_state = random_state

    def _check_X_y(self, X: Any, y: Any, accept_sparse: Any = None) -> tuple[Any, Any, bool]:  # noqa: ARG002, N802
        y, binarize = check_target_type(y, indicate_one_vs_all=True)
        X = check_array(X, allow_nd=True)
        y = column_or_1d(y)
        check_consistent_length(X, y)
        if X.ndim == 2:
            self.n_features_in_ = X.shape[1]
        return X, y, binarize

    def _fit_resample(self, X: Any, y: Any, **_: Any) -> tuple[Any, Any]:
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        scale = _Scale(X)
        shape = self._shape(X)
        pixels, border = _squared(scale.to_pixels(X).reshape(len(X), *shape))
        names, labels = np.unique(y, return_inverse=True)
        images = ImageSet("the samples", pixels, labels.astype(np.int64), tuple(str(name) for name in names))
        counts = {int(np.flatnonzero(names == name)[0]): int(n) for name, n in self.sampling_strategy_.items() if n}
        try:
            self.method_ = self._trained(images, seed)
            balanced = self.method_.extended(counts, seed)
        except TrainingError as error:
            raise ValueError(str(error)) from error
        top, left = border
        made = balanced.images[len(X) :, top : top + shape[0], left : left + shape[1]]
        self.is_synthetic_ = balanced.is_made
        self.parents_ = [one.parents for one in balanced.made[len(X) :]]
        values = scale.from_pixels(made).reshape(len(made), *X.shape[1:])
        return np.concatenate([X, values]), np.concatenate([y, names[balanced.labels[len(X) :]]])

    def _trained(self, images: ImageSet, seed: int) -> Method:
        config = replace(find_recipe(dict(self._recipes), self.recipe), seed=seed)
        changes = [f"{name}={value}" for name, value in (self.settings or {}).items()]
        method = make_method(images, config.changed(changes), device_for(self.device))
        for _ in method.train():
            pass
        return method

    def _shape(self, X: Any) -> tuple[int, int, int]:
        """Return height, width and channels."""
        shape = tuple(X.shape[1:]) if X.ndim > 2 else self.image_shape
        if shape is None:
            side = round(X.shape[1] ** 0.5)
            shape = (side, side)
        height, width, channels = (*shape, 1)[:3] if len(shape) in (2, 3) else (0, 0, 0)
        if X.ndim > 4 or height * width * channels != np.prod(X.shape[1:]) or channels not in (1, 3):
            raise ValueError(
                f"samples of shape {tuple(X.shape[1:])} are not images; give image_shape as (height, width) or "
                "(height, width, 3)"
            )
        return height, width, channels


class _Scale:
    """The conversion between samples of any type and pixels in 0..255."""

    def __init__(self, samples: NDArray[Any]) -> None:
        self._dtype = samples.dtype
        self._low, high = (0.0, 255.0) if samples.dtype == np.uint8 else (float(samples.min()), float(samples.max()))
        self._step = (high - self._low) / 255 or 1.0

    def to_pixels(self, samples: NDArray[Any]) -> Pixels:
        return np.rint((samples - self._low) / self._step).astype(np.uint8)

    def from_pixels(self, pixels: Pixels) -> NDArray[Any]:
        values = pixels * self._step + self._low
        return (np.rint(values) if np.issubdtype(self._dtype, np.integer) else values).astype(self._dtype)


def _squared(images: Pixels) -> tuple[Pixels, tuple[int, int]]:
    """Return images padded to squares that the networks accept, and the rows and columns before them."""
    height, width = images.shape[1:3]
    size = max(height, width, _MIN_SIZE)
    top, left = (size - height) // 2, (size - width) // 2
    padding = ((0, 0), (top, size - height - top), (left, size - width - left), (0, 0))
    return np.pad(images, padding), (top, left)


class DeepSmoteSampler(_ImageSampler):
    """DeepSMOTE (Dablain et al. 2021): images between neighbours in the latent space of an autoencoder.

    The parameters are those of the base class; images of 28 to 64 pixels, smaller ones are padded.
    """

    _recipes = DEEPSMOTE_RECIPES


class BaganGpSampler(_ImageSampler):
    """BAGAN-GP (Huang and Jafari 2021): images of a conditional GAN. The parameters are those of the base class."""

    _recipes = BAGAN_RECIPES
