"""Songs as a categorical generator learns them: window after window, with what it remembers carried on."""

from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from euterpe_training.crnngan.corpora import Corpus
from euterpe_training.crnngan.models.categorical import CategoricalGenerator, Memory
from euterpe_training.crnngan.models.classes import EventClasses
from euterpe_training.crnngan.models.controls import Controls

#: Windows after which a lane leaves its song, so that long songs do not fill the corpus' picture.
_WINDOWS_PER_SONG: Final = 12


class ClassCorpus:
    """A corpus as classes: `codes` [events, 4], `clocks` [events] (place in the bar before each), labels per song."""

    def __init__(self, corpus: Corpus, classes: EventClasses, controls: Controls) -> None:
        self.corpus, self.controls = corpus, controls
        self.codes = classes.encode(corpus.events)
        units = classes.units.astype(np.int64)[self.codes[:, 0]]
        passed = np.cumsum(units) - units
        at_start = np.repeat(passed[corpus.offsets[:-1]], np.diff(corpus.offsets))
        self.clocks = ((passed - at_start) % classes.positions).astype(np.float32)
        quarters = np.add.reduceat(units, corpus.offsets[:-1]) / (classes.positions / 4)
        self.density = controls.density_of(np.diff(corpus.offsets) / np.maximum(quarters, 1))
        self.styles = [controls.styles_of(name) for name in corpus.names]

    def shares(self, songs: NDArray[np.int64], ratio: float) -> NDArray[np.float64]:
        """How often each of `songs` is to be played: every style `ratio` times as often as the commonest, or more.

        A song counts for the innermost folder that is a style; those in no style are one of their own.
        """
        labels = np.array([self.controls.innermost_of(self.corpus.names[song]) for song in songs])
        counts = np.bincount(labels)
        wanted = np.maximum(counts, ratio * counts.max())[labels] / counts[labels]
        return np.asarray(wanted / wanted.sum(), np.float64)

    def window(self, starts: NDArray[np.int64], length: int) -> Tensor:
        """Codes [length, batch, 4] from each of `starts` on."""
        return torch.from_numpy(self.codes[starts[None, :] + np.arange(length)[:, None]].astype(np.int64))

    def draw_controls(self, song: int, random: np.random.Generator) -> NDArray[np.float32]:
        """A song's controls as a listener might have asked for it: sometimes by composer, by genre, or not at all."""
        styles = self.styles[song]
        style = int(random.choice(styles)) if styles and random.random() < 0.85 else 0
        density = int(self.density[song]) + 1 if random.random() < 0.5 else 0
        return self.controls.vector(style, density)


class Lanes:
    """A batch in which each row plays its song on from window to window, and then another one.

    The generator's memory goes along, without gradients beyond the window (truncated back-propagation): pieces of
    2,000 events need what a hundred events alone do not teach.
    """

    def __init__(
        self, source: ClassCorpus, songs: NDArray[np.int64], g: CategoricalGenerator, rows: int, style_ratio: float = 0
    ) -> None:
        self.source, self.songs, self.rows = source, songs, rows
        self.shares = source.shares(songs, style_ratio) if style_ratio else None
        self.at = np.zeros(rows, np.int64)
        self.end = np.zeros(rows, np.int64)
        self.controls = torch.zeros(rows, source.controls.size)
        self.memory: Memory = g.start(rows)

    def next(self, length: int, random: np.random.Generator) -> tuple[Tensor, Tensor, Memory]:
        """Codes [length, rows, 4], controls and the memory with which to go through them; `keep` what comes of it."""
        fresh = self.at + length > self.end
        for row in np.flatnonzero(fresh):
            self._seat(int(row), length, random)
        clock = torch.from_numpy(self.source.clocks[self.at])
        self.memory = self.memory.reset(torch.from_numpy(fresh), clock)
        codes = self.source.window(self.at, length)
        self.at += length
        return codes, self.controls, self.memory

    def keep(self, memory: Memory) -> None:
        """What the generator remembers at the window's end."""
        self.memory = memory.detached()

    def _seat(self, row: int, length: int, random: np.random.Generator) -> None:
        song = int(random.choice(self.songs, p=self.shares))
        first, end = self.source.corpus.offsets[song : song + 2]
        self.at[row] = random.integers(first, end - length + 1)
        self.end[row] = min(end, self.at[row] + _WINDOWS_PER_SONG * length)
        self.controls[row] = torch.from_numpy(self.source.draw_controls(song, random))

    def state(self) -> dict[str, Any]:
        """For checkpoints."""
        places = {"at": torch.from_numpy(self.at.copy()), "end": torch.from_numpy(self.end.copy())}
        return {**places, "controls": self.controls.clone(), "memory": tuple(self.memory)}

    def restore(self, state: dict[str, Any]) -> None:
        """The state that `state` described."""
        self.at, self.end = state["at"].numpy().copy(), state["end"].numpy().copy()
        self.controls, self.memory = state["controls"].clone(), Memory(*state["memory"])
