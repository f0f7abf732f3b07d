"""A corpus in memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from euterpe_training.corpora.split import SPLIT_SHARES, Split, assign


@dataclass(frozen=True, eq=False)
class Corpus:
    """Songs as events: song i is `events[offsets[i]:offsets[i + 1]]`, float32 [events, features].

    `seconds_per_event` is what an event of each song lasts at its own tempo, `groups` for each song the first song
    that is the same piece, `digests` begin the SHA-256 of the files, `skipped` says why other files are not here.
    """

    name: str
    names: tuple[str, ...]
    events: NDArray[np.float32]
    offsets: NDArray[np.int64]
    seconds_per_event: NDArray[np.float64]
    groups: NDArray[np.int64]
    digests: tuple[str, ...]
    skipped: dict[str, str]
    sha256: str

    def __len__(self) -> int:
        return len(self.names)

    def song(self, index: int) -> NDArray[np.float32]:
        """Events of one song."""
        return self.events[self.offsets[index] : self.offsets[index + 1]]

    def split(self, wanted: Split, seed: int = 0, shares: Mapping[Split, float] = SPLIT_SHARES) -> NDArray[np.int64]:
        """Indices of the songs of a part: every song is in exactly one, the same for the same seed and shares."""
        return _parts(self, seed, tuple(shares.items()))[wanted]

    def windows(self, songs: NDArray[np.int64], length: int, random: np.random.Generator) -> NDArray[np.float32]:
        """One random window of `length` events of each of `songs`: [length, songs, features]."""
        starts = random.integers(self.offsets[songs], self.offsets[songs + 1] - length + 1)
        return np.ascontiguousarray(self.events[starts[None, :] + np.arange(length)[:, None]])


@cache
def _parts(corpus: Corpus, seed: int, shares: tuple[tuple[Split, float], ...]) -> dict[Split, NDArray[np.int64]]:
    return assign(corpus.names, corpus.groups, seed, dict(shares))
