"""Choosing tokens from logits: a vector of settings, one per row, in one pass over the batch.

What a row gets depends on its own logits, settings and draw alone, to the bit: sums run along rows only, and equal
logits are told apart by their place in the vocabulary.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from euterpe_generator.engine.request import Array, Mask
from euterpe_generator.engine.tokens.plan import Choosing, Tokens

#: How many of the likeliest tokens are sorted before it turns out whether that is enough for a nucleus.
_NUCLEUS_GUESS = 48
_PLACE_BITS = 20


@dataclass(frozen=True, eq=False)
class Knobs:
    """The settings of Choosing that drawing needs, a vector each over the rows."""

    temperature: Array
    top_k: NDArray[np.int64]
    top_p: NDArray[np.float64]

    @classmethod
    def of(cls, choosing: list[Choosing]) -> "Knobs":
        """The vectors of these settings."""
        return cls(
            np.array([one.temperature for one in choosing], np.float32),
            np.array([one.top_k for one in choosing], np.int64),
            np.array([one.top_p for one in choosing], np.float64),
        )

    def at(self, rows: NDArray[np.intp]) -> "Knobs":
        """The settings of some rows."""
        return Knobs(*(getattr(self, field.name)[rows] for field in fields(self)))


def penalise(logits: Array, recent: Tokens, penalty: Array, exempt: Mask) -> None:
    """Makes the tokens of `recent` [rows, window] less likely, in place: positive logits are divided by the row's
    penalty, negative ones multiplied with it (Keskar et al. 2019). Of `exempt` [rows, tokens] none changes.
    """
    seen = np.zeros(logits.shape, np.bool_)
    np.put_along_axis(seen, recent, True, axis=1)
    seen &= ~exempt
    factor = np.where(logits > 0, 1 / penalty[:, None], penalty[:, None])
    np.multiply(logits, factor, out=logits, where=seen)


def draw(logits: Array, uniform: Array, knobs: Knobs) -> Tokens:
    """One token per row [rows], by inverse transform of one uniform draw in [0, 1) per row.

    Temperature first, then top-k, then top-p on what is left, as everybody does it. -inf is never drawn, unless a row
    has nothing else.
    """
    greedy = knobs.top_k == 1
    chosen: Tokens = logits.argmax(axis=1)
    if greedy.all():
        return chosen
    if len(logits) == 1:
        # A piece that is alone waits for every call: in one dimension there are fewer of them, to the same bits.
        setting = float(uniform[0]), knobs.temperature[0], int(knobs.top_k[0]), float(knobs.top_p[0])
        chosen[0] = _draw_one(logits[0], logits[0, chosen[0]], *setting)
        return chosen
    limited = ~greedy & ((knobs.top_k > 0) | (knobs.top_p < 1))
    for rows, method in ((np.flatnonzero(~greedy & ~limited), _draw_all), (np.flatnonzero(limited), _draw_likeliest)):
        if len(rows):
            some = knobs.at(rows)
            weights = _weights(logits[rows], logits[rows, chosen[rows]], some.temperature)
            chosen[rows] = method(weights, uniform[rows].astype(np.float64), some)
    return chosen


def _weights(logits: Array, highest: Array, temperature: Array) -> Array:
    """Probabilities up to a factor; the likeliest token's is 1."""
    weights = logits - highest[:, None]
    weights /= temperature[:, None]
    np.exp(weights, out=weights)
    return weights


def _draw_all(weights: Array, uniform: NDArray[np.float64], _: Knobs) -> Tokens:
    return _invert(np.cumsum(weights, axis=1, dtype=np.float64), uniform)


def _draw_one(
    logits: Array, highest: np.float32, uniform: float, temperature: np.float32, top_k: int, top_p: float
) -> int:
    """What `draw` gives for a row of `logits` [tokens]."""
    weights = logits - highest
    weights /= temperature
    np.exp(weights, out=weights)
    size, nuclear = len(weights), top_p < 1
    if not top_k and not nuclear:
        cumulated = np.cumsum(weights, dtype=np.float64)
        return min(int(cumulated.searchsorted(uniform * cumulated[-1], "right")), size - 1)
    top_k = min(top_k, size) if top_k else size
    every = float(weights.sum(dtype=np.float64)) if top_k == size else None
    columns = min(top_k, _NUCLEUS_GUESS) if nuclear else top_k
    while True:
        order = likeliest(weights[None], columns)[0]
        cumulated = np.cumsum(weights[order], dtype=np.float64)
        total = cumulated[-1] if every is None else every
        kept = min(int(cumulated.searchsorted(top_p * total, "left")) + 1, columns) if nuclear else columns
        if columns == top_k or (every is not None and cumulated[-1] >= top_p * total):
            break
        columns = top_k
    place = int(cumulated.searchsorted(uniform * cumulated[kept - 1], "right"))
    return int(order[min(place, kept - 1)])


def _invert(cumulated: NDArray[np.float64], uniform: NDArray[np.float64]) -> Tokens:
    """The first place whose cumulated weight exceeds the draw's share of the last one."""
    threshold = uniform * cumulated[:, -1]
    places = (cumulated <= threshold[:, None]).sum(axis=1)
    return np.asarray(np.minimum(places, cumulated.shape[1] - 1), np.int64)


def _draw_likeliest(weights: Array, uniform: NDArray[np.float64], knobs: Knobs) -> Tokens:
    size = weights.shape[1]
    top_k = np.where(knobs.top_k > 0, np.minimum(knobs.top_k, size), size)
    nuclear = knobs.top_p < 1
    wanted = int(np.where(nuclear, np.minimum(top_k, _NUCLEUS_GUESS), top_k).max())
    chosen, enough = _draw_sorted(weights, uniform, top_k, knobs.top_p, wanted)
    rest = np.flatnonzero(~enough)
    if len(rest):
        again, _ = _draw_sorted(weights[rest], uniform[rest], top_k[rest], knobs.top_p[rest], int(top_k[rest].max()))
        chosen[rest] = again
    return chosen


def _draw_sorted(
    weights: Array, uniform: NDArray[np.float64], top_k: Tokens, top_p: NDArray[np.float64], columns: int
) -> tuple[Tokens, Mask]:
    """Draws from the `columns` likeliest tokens; and for which rows these were enough to know top-k and top-p."""
    order = likeliest(weights, columns)
    cumulated = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1, dtype=np.float64)
    kept = np.minimum(top_k, columns)
    # Where all tokens count, their sum needs no order, and is the same number however many are sorted.
    every = top_k == weights.shape[1]
    last = np.take_along_axis(cumulated, kept[:, None] - 1, axis=1)[:, 0]
    total = np.where(every, weights.sum(axis=1, dtype=np.float64), last)
    inside = (cumulated < (top_p * total)[:, None]).sum(axis=1) + 1
    enough = np.where(every, (inside <= columns) | (columns == weights.shape[1]), top_k <= columns)
    kept = np.minimum(np.where(top_p < 1, inside, kept), kept)
    threshold = uniform * np.take_along_axis(cumulated, kept[:, None] - 1, axis=1)[:, 0]
    places = np.minimum((cumulated <= threshold[:, None]).sum(axis=1), kept - 1)
    return np.take_along_axis(order, places[:, None], axis=1)[:, 0], enough


def likeliest(weights: Array, columns: int) -> Tokens:
    """The places of the `columns` greatest weights (none negative) of each row, greatest first, then by place."""
    size = weights.shape[1]
    places = np.arange(size - 1, -1, -1, dtype=np.int64)
    # The bits of floats that are not negative are ordered as they are; one integer holds both criteria.
    keys = (np.ascontiguousarray(weights).view(np.int32).astype(np.int64) << _PLACE_BITS) | places
    if columns < size:
        keys = np.partition(keys, size - columns, axis=1)[:, size - columns :]
    keys.sort(axis=1)
    return np.asarray(size - 1 - (keys[:, ::-1] & ((1 << _PLACE_BITS) - 1)), np.int64)
