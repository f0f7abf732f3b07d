"""Conditioning of a categorical generator on style and density: the floats of its `controls` input."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: The choice that leaves style or density unspecified.
ANY = "any"
DENSITY_NAMES = ("very sparse", "sparse", "medium", "dense", "very dense")


@dataclass(frozen=True)
class Controls:
    """One-hot of a style (a folder of the corpus: a genre or a composer), then of a density; `any` is first in both.

    `density_edges` are the boundaries between density levels, in notes per quarter.
    """

    styles: tuple[str, ...]
    density_edges: tuple[float, ...]

    @property
    def size(self) -> int:
        """Number of floats, without the noise scale that follows them in the graph's input."""
        return 1 + len(self.styles) + 1 + len(DENSITY_NAMES)

    def vector(self, style: int = 0, density: int = 0) -> NDArray[np.float32]:
        """Return the floats for a style and a density by number; 0 is `any`."""
        values = np.zeros(self.size, np.float32)
        values[style] = values[1 + len(self.styles) + density] = 1
        return values

    def with_guidance(self, weights: NDArray[np.float32], factor: float) -> NDArray[np.float32]:
        """Return weights [units, floats] in which each style differs from `any` by `factor` times the learned amount.

        Guidance of conditional models (Ho and Salimans 2022) extrapolates outputs in this way; applied to the weights
        of the input it needs no second evaluation of the network.
        """
        last = 1 + len(self.styles)
        any_style, styles = weights[:, :1], weights[:, 1:last]
        return np.concatenate([any_style, any_style + factor * (styles - any_style), weights[:, last:]], 1)

    def styles_of(self, name: str) -> list[int]:
        """Return the numbers of a song's styles, from the folders in its path."""
        folders = PurePosixPath(name).parts[:-1]
        return [number for number, style in enumerate(self.styles, start=1) if style in folders]

    def innermost_of(self, name: str) -> int:
        """Return the number of the style of the innermost folder that is a style; 0 for none."""
        return (self.styles_of(name) or [0])[-1]

    def density_of(self, notes_per_quarter: NDArray[Any]) -> NDArray[np.int64]:
        """Return levels, from 0, for densities in notes per quarter."""
        return np.searchsorted(np.array(self.density_edges), notes_per_quarter)
