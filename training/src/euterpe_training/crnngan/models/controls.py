"""What a listener can ask a conditioned generator for, as the floats of its `controls`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: What stands for no wish in a choice.
ANY = "any"
DENSITY_NAMES = ("very sparse", "sparse", "medium", "dense", "very dense")


@dataclass(frozen=True)
class Controls:
    """One-hot of a style (a folder of the corpus: a genre or a composer), then of a density; `any` is first in both.

    `density_edges` are notes per quarter between one level and the next.
    """

    styles: tuple[str, ...]
    density_edges: tuple[float, ...]

    @property
    def size(self) -> int:
        """Floats, without the noise scale that the graph has after them."""
        return 1 + len(self.styles) + 1 + len(DENSITY_NAMES)

    def vector(self, style: int = 0, density: int = 0) -> NDArray[np.float32]:
        """Floats for the style and the density of these numbers; 0 is `any`."""
        values = np.zeros(self.size, np.float32)
        values[style] = values[1 + len(self.styles) + density] = 1
        return values

    def sharpened(self, weights: NDArray[np.float32], factor: float) -> NDArray[np.float32]:
        """Weights [units, floats] with what a style adds `factor` times as far from what `any` adds.

        As guidance of conditional models (Ho and Salimans 2022) goes past what was learned, but before the network
        and not behind it, so that it costs nothing.
        """
        last = 1 + len(self.styles)
        any_style, styles = weights[:, :1], weights[:, 1:last]
        return np.concatenate([any_style, any_style + factor * (styles - any_style), weights[:, last:]], 1)

    def styles_of(self, name: str) -> list[int]:
        """Numbers of the styles of a song, from the folders in its path."""
        folders = PurePosixPath(name).parts[:-1]
        return [number for number, style in enumerate(self.styles, start=1) if style in folders]

    def innermost_of(self, name: str) -> int:
        """Number of the style of the innermost folder that is one; 0 for a song in none."""
        return (self.styles_of(name) or [0])[-1]

    def density_of(self, notes_per_quarter: NDArray[Any]) -> NDArray[np.int64]:
        """Levels from 0 for songs of these densities."""
        return np.searchsorted(np.array(self.density_edges), notes_per_quarter)


def density_edges(notes_per_quarter: Sequence[float] | NDArray[Any]) -> tuple[float, ...]:
    """Edges that part songs of these densities into equally many per level."""
    shares = np.arange(1, len(DENSITY_NAMES)) / len(DENSITY_NAMES)
    return tuple(round(float(edge), 3) for edge in np.quantile(np.asarray(notes_per_quarter), shares))
