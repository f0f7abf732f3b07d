"""Batches of consecutive windows for a categorical generator, with its recurrent state carried between them."""

from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from euterpe_training.crnngan.corpora import Corpus
from euterpe_training.crnngan.models.categorical import CategoricalGenerator, CategoricalState
from euterpe_training.crnngan.models.classes import EventClasses
from euterpe_training.crnngan.models.controls import Controls

#: Windows after which a row changes to another song, so that long songs do not dominate.
_WINDOWS_PER_SONG: Final = 12
#: Shares of songs whose style and density are shown to the network, so that both may be left unspecified.
_STYLE_SHARE: Final = 0.85
_DENSITY_SHARE: Final = 0.5


class CategoricalCorpus:
    """A corpus as classes: `codes` [events, 4], `clocks` [events] (position in the bar before each), song labels."""

    def __init__(self, corpus: Corpus, classes: EventClasses, controls: Controls) -> None:
        self.corpus, self.controls = corpus, controls
        self.codes = classes.encode(corpus.events)
        units = classes.units.astype(np.int64)[self.codes[:, 0]]
        elapsed = np.cumsum(units) - units
        at_start = np.repeat(elapsed[corpus.offsets[:-1]], np.diff(corpus.offsets))
        self.clocks = ((elapsed - at_start) % classes.positions).astype(np.float32)
        quarters = np.add.reduceat(units, corpus.offsets[:-1]) / (classes.positions / 4)
        self.density = controls.density_of(np.diff(corpus.offsets) / np.maximum(quarters, 1))
        self.styles = [controls.styles_of(name) for name in corpus.names]

    def sampling_probabilities(self, songs: NDArray[np.int64], ratio: float) -> NDArray[np.float64]:
        """Return the probability of each of `songs`: every style at least `ratio` times as often as the commonest.

        A song counts for the innermost folder that is a style; songs without a style count as a style of their own.
        """
        labels = np.array([self.controls.innermost_of(self.corpus.names[song]) for song in songs])
        counts = np.bincount(labels)
        weights = np.maximum(counts, ratio * counts.max())[labels] / counts[labels]
        return np.asarray(weights / weights.sum(), np.float64)

    def window(self, starts: NDArray[np.int64], length: int) -> Tensor:
        """Return codes [length, batch, 4] from each of `starts` on."""
        return torch.from_numpy(self.codes[starts[None, :] + np.arange(length)[:, None]].astype(np.int64))

    def draw_controls(self, song: int, random: np.random.Generator) -> NDArray[np.float32]:
        """Draw a song's controls as a user might set them: a style at one of its levels or none, density or none."""
        styles = self.styles[song]
        style = int(random.choice(styles)) if styles and random.random() < _STYLE_SHARE else 0
        density = int(self.density[song]) + 1 if random.random() < _DENSITY_SHARE else 0
        return self.controls.vector(style, density)


class StatefulBatcher:
    """A batch in which each row continues its song from window to window, then starts another song.

    The generator's state is carried on without gradients (truncated back-propagation): pieces of 2,000 events need more
    context than a window has.
    """

    def __init__(
        self, source: CategoricalCorpus, songs: NDArray[np.int64], g: CategoricalGenerator, rows: int,
        style_ratio: float = 0,
    ) -> None:  # fmt: skip
        self.source, self.songs, self.rows = source, songs, rows
        self.probabilities = source.sampling_probabilities(songs, style_ratio) if style_ratio else None
        self.at = np.zeros(rows, np.int64)
        self.end = np.zeros(rows, np.int64)
        self.device = g.mixed.weight.device
        self.controls = torch.zeros(rows, source.controls.size, device=self.device)
        self.memory: CategoricalState = g.initial_state(rows)

    def next_batch(self, length: int, random: np.random.Generator) -> tuple[Tensor, Tensor, CategoricalState]:
        """Return codes [length, rows, 4], controls and the state before them; pass the state after them to `keep`."""
        fresh = self.at + length > self.end
        for row in np.flatnonzero(fresh):
            self._start_song(int(row), length, random)
        clock = torch.from_numpy(self.source.clocks[self.at]).to(self.device)
        self.memory = self.memory.reset(torch.from_numpy(fresh).to(self.device), clock)
        codes = self.source.window(self.at, length).to(self.device)
        self.at += length
        return codes, self.controls, self.memory

    def keep(self, memory: CategoricalState) -> None:
        """Store the state at the end of the window."""
        self.memory = memory.detached()

    def _start_song(self, row: int, length: int, random: np.random.Generator) -> None:
        song = int(random.choice(self.songs, p=self.probabilities))
        first, end = self.source.corpus.offsets[song : song + 2]
        self.at[row] = random.integers(first, end - length + 1)
        self.end[row] = min(end, self.at[row] + _WINDOWS_PER_SONG * length)
        self.controls[row] = torch.from_numpy(self.source.draw_controls(song, random))

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint stores."""
        positions = {"at": torch.from_numpy(self.at.copy()), "end": torch.from_numpy(self.end.copy())}
        return {**positions, "controls": self.controls.clone(), "memory": tuple(self.memory)}

    def restore(self, state: dict[str, Any]) -> None:
        """Set the state that `state` returned."""
        self.at, self.end = state["at"].numpy().copy(), state["end"].numpy().copy()
        # A copy even on the same device.
        self.controls = state["controls"].to(self.device, copy=True)
        self.memory = CategoricalState(*(part.to(self.device) for part in state["memory"]))
