"""A corpus in memory."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Split = Literal["train", "validation", "test"]

#: FACTS §1: 64 % train, 16 % validation, 20 % test.
SPLIT_SHARES: dict[Split, float] = {"train": 0.64, "validation": 0.16, "test": 0.20}


@dataclass(frozen=True, eq=False)
class Corpus:
    """Songs as events: song i is `events[offsets[i]:offsets[i + 1]]`, float32 [events, features].

    `seconds_per_event` is what an event of each song lasts at its own tempo, `skipped` says why files are not here.
    """

    name: str
    names: tuple[str, ...]
    events: NDArray[np.float32]
    offsets: NDArray[np.int64]
    seconds_per_event: NDArray[np.float64]
    skipped: dict[str, str]
    sha256: str

    def __len__(self) -> int:
        return len(self.names)

    def song(self, index: int) -> NDArray[np.float32]:
        """Events of one song."""
        return self.events[self.offsets[index] : self.offsets[index + 1]]

    def split(self, wanted: Split, seed: int = 0) -> NDArray[np.int64]:
        """Indices of the songs of a part: every song is in exactly one, the same for the same seed."""
        order = np.random.default_rng(seed).permutation(len(self))
        train = round(len(self) * SPLIT_SHARES["train"])
        validation = train + round(len(self) * SPLIT_SHARES["validation"])
        parts = {"train": order[:train], "validation": order[train:validation], "test": order[validation:]}
        return np.sort(parts[wanted])

    def windows(self, songs: NDArray[np.int64], length: int, random: np.random.Generator) -> NDArray[np.float32]:
        """One random window of `length` events of each of `songs`: [length, songs, features]."""
        starts = random.integers(self.offsets[songs], self.offsets[songs + 1] - length + 1)
        return np.ascontiguousarray(self.events[starts[None, :] + np.arange(length)[:, None]])
