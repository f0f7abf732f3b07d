"""A corpus in memory."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from euterpe_training.crnngan.corpora.split import SPLIT_SHARES, Split, assign


@dataclass(frozen=True, eq=False)
class Corpus:
    """Songs as events: song i is `events[offsets[i]:offsets[i + 1]]`, float32 [events, features].

    `seconds_per_event` is the mean duration of an event of each song at its own tempo, `groups` the index of the first
    song that is the same piece, `digests` the beginning of each file's SHA-256, `skipped` the reasons for unused files.
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
        """Return the events of one song."""
        return self.events[self.offsets[index] : self.offsets[index + 1]]

    def split(self, wanted: Split, seed: int = 0, shares: Mapping[Split, float] = SPLIT_SHARES) -> NDArray[np.int64]:
        """Return the indices of the songs of a part: every song is in exactly one, equal for equal seed and shares."""
        return _parts(self, seed, tuple(shares.items()))[wanted]

    def windows(self, songs: NDArray[np.int64], length: int, random: np.random.Generator) -> NDArray[np.float32]:
        """Return one random window of `length` events of each of `songs`: [length, songs, features]."""
        starts = random.integers(self.offsets[songs], self.offsets[songs + 1] - length + 1)
        return np.ascontiguousarray(self.events[starts[None, :] + np.arange(length)[:, None]])

    def subset(self, songs: int) -> "Corpus":
        """Return a corpus of a number of the songs, selected by a hash of their names; always the same ones."""
        order = sorted(range(len(self)), key=lambda song: hashlib.sha256(self.names[song].encode()).digest())
        kept = np.array(sorted(order[:songs]), np.int64)
        first = {group: at for at, group in reversed(list(enumerate(self.groups[kept].tolist())))}
        return replace(
            self,
            names=tuple(self.names[song] for song in kept),
            events=np.concatenate([self.song(int(song)) for song in kept]),
            offsets=np.cumsum([0, *np.diff(self.offsets)[kept]]),
            seconds_per_event=self.seconds_per_event[kept],
            groups=np.array([first[group] for group in self.groups[kept].tolist()], np.int64),
            digests=tuple(self.digests[song] for song in kept),
            sha256=hashlib.sha256(f"{self.sha256} {songs}".encode()).hexdigest(),
        )


@cache
def _parts(corpus: Corpus, seed: int, shares: tuple[tuple[Split, float], ...]) -> dict[Split, NDArray[np.int64]]:
    return assign(corpus.names, corpus.groups, seed, dict(shares))
