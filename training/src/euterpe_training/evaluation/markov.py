"""A baseline: a 3-gram Markov chain over the events of the corpus."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]


class Markov:
    """Sample each event given the two before it; given the one before it where the corpus has no such pair.

    Events are rows of codes. `streams` lists the columns that are sampled together: [(0, 1, 2, 3)] chains whole events,
    [(0, 2), (1,), (3,)] rhythm, pitch and velocity independently, which memorizes less.
    """

    def __init__(self, songs: Sequence[Codes], streams: Sequence[Sequence[int]]) -> None:
        self.streams = [_Chain([song[:, list(columns)] for song in songs]) for columns in streams]
        self.columns = [list(columns) for columns in streams]

    def sample(self, length: int, random: np.random.Generator) -> Codes:
        """Return the codes [length, columns] of a new piece."""
        codes = np.zeros((length, sum(len(columns) for columns in self.columns)), np.int64)
        for chain, columns in zip(self.streams, self.columns, strict=True):
            codes[:, columns] = chain.sample(length, random)
        return codes


class _Chain:
    def __init__(self, songs: Sequence[Codes]) -> None:
        rows = np.concatenate(songs)
        # One number per row first: sorting whole rows takes minutes.
        keys = np.zeros(len(rows), np.int64)
        for column in rows.T:
            keys = keys * (int(column.max()) + 1) + column
        _, places, numbers = np.unique(keys, return_index=True, return_inverse=True)
        self.values = rows[places]
        self.numbers = numbers.ravel().astype(np.int64)
        count, at = len(self.values), np.arange(len(rows))
        first = np.zeros(len(rows), bool)
        first[np.cumsum([0, *(len(song) for song in songs[:-1])])] = True
        second = np.concatenate([[False], first[:-1]])
        before = np.concatenate([[0], self.numbers[:-1]])
        earlier = np.concatenate([[0, 0], self.numbers[:-2]])
        self.starts = at[first]
        self.one = _Index(before[~first], at[~first])
        settled = ~first & ~second
        self.two = _Index((earlier * count + before)[settled], at[settled])
        self.count = count

    def sample(self, length: int, random: np.random.Generator) -> Codes:
        found = [int(self.numbers[random.choice(self.starts)])]
        while len(found) < length:
            places = self.two.places(found[-2] * self.count + found[-1]) if len(found) > 1 else None
            if places is None or not len(places):
                places = self.one.places(found[-1])
            if not len(places):
                places = self.starts
            found.append(int(self.numbers[random.choice(places)]))
        return self.values[found]


class _Index:
    """The positions of each key."""

    def __init__(self, keys: NDArray[np.int64], places: NDArray[np.int64]) -> None:
        order = np.argsort(keys, kind="stable")
        self._keys, self._places = keys[order], places[order]

    def places(self, key: int) -> NDArray[np.int64]:
        low, high = np.searchsorted(self._keys, [key, key + 1])
        return self._places[low:high]
