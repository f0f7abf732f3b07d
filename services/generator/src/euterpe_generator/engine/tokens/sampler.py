"""Token sampling from logits: one set of parameters per row, one pass over the batch.

The token of a row depends on its own logits, parameters and random number only, to the bit: sums run along rows, and
equal logits are ordered by their index in the vocabulary.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from euterpe_generator.engine.request import Array, Mask
from euterpe_generator.engine.tokens.plan import SamplingParams, Tokens

#: How many of the most likely tokens are sorted first; for most nuclei (top-p) that is enough.
_FIRST_SORTED = 48
_INDEX_BITS = 20


@dataclass(frozen=True, eq=False)
class BatchedSamplingParams:
    """The fields of SamplingParams that sampling needs, one vector each over the rows."""

    temperature: Array
    top_k: NDArray[np.int64]
    top_p: NDArray[np.float64]

    @classmethod
    def stack(cls, params: list[SamplingParams]) -> "BatchedSamplingParams":
        """Build the vectors from one SamplingParams per row."""
        return cls(
            np.array([one.temperature for one in params], np.float32),
            np.array([one.top_k for one in params], np.int64),
            np.array([one.top_p for one in params], np.float64),
        )

    def select(self, rows: NDArray[np.intp]) -> "BatchedSamplingParams":
        """Return the parameters of some rows."""
        return BatchedSamplingParams(*(getattr(self, field.name)[rows] for field in fields(self)))


def apply_repetition_penalty(logits: Array, recent: Tokens, penalty: Array, exempt: Mask) -> None:
    """Make the tokens of `recent` [rows, window] less likely, in place, except `exempt` ones [rows, tokens].

    Positive logits are divided by the row's penalty, negative ones multiplied by it (Keskar et al. 2019).
    """
    seen = np.zeros(logits.shape, np.bool_)
    np.put_along_axis(seen, recent, True, axis=1)
    seen &= ~exempt
    factor = np.where(logits > 0, 1 / penalty[:, None], penalty[:, None])
    np.multiply(logits, factor, out=logits, where=seen)


def balanced_bias(logits: Array, bias: Array) -> Array:
    """Return what is added to logits [rows, tokens] to prefer tokens among those with a bias, as `bias` states.

    The tokens whose bias is not 0 keep their total probability, so that notes do not displace rests and holds.
    """
    is_biased = bias != 0
    before = np.where(is_biased, logits, -np.inf)
    after = before + bias
    highest = np.maximum(before.max(axis=1, keepdims=True), np.float32(-1e30))
    sum_before, sum_after = (np.exp(each - highest).sum(axis=1, dtype=np.float64) for each in (before, after))
    # Where no such token is allowed, there is nothing to balance.
    is_possible = (sum_before > 0) & (sum_after > 0)
    shift = np.log(np.where(is_possible, sum_before, 1.0) / np.where(is_possible, sum_after, 1.0))
    return np.where(is_biased, bias + shift.astype(np.float32)[:, None], np.float32(0))


def sample(logits: Array, uniform: Array, params: BatchedSamplingParams) -> Tokens:
    """Sample one token per row [rows], by inverse transform of one uniform number in [0, 1) per row.

    The order is temperature, top-k, then top-p on the remaining tokens. A logit of -inf is never sampled, unless the
    row has no other.
    """
    greedy = params.top_k == 1
    tokens: Tokens = logits.argmax(axis=1)
    if greedy.all():
        return tokens
    if len(logits) == 1:
        # A batch of one is bound by the number of NumPy calls; one dimension needs fewer and gives the same bits.
        row_params = float(uniform[0]), params.temperature[0], int(params.top_k[0]), float(params.top_p[0])
        tokens[0] = _sample_row(logits[0], logits[0, tokens[0]], *row_params)
        return tokens
    limited = ~greedy & ((params.top_k > 0) | (params.top_p < 1))
    methods = (np.flatnonzero(~greedy & ~limited), _sample_all), (np.flatnonzero(limited), _sample_limited)
    for rows, method in methods:
        if len(rows):
            selected = params.select(rows)
            weights = _weights(logits[rows], logits[rows, tokens[rows]], selected.temperature)
            tokens[rows] = method(weights, uniform[rows].astype(np.float64), selected)
    return tokens


def top_indices(weights: Array, count: int) -> Tokens:
    """Return the indices of the `count` greatest weights of each row, in descending order, ties by index.

    Weights must not be negative.
    """
    size = weights.shape[1]
    reversed_indices = np.arange(size - 1, -1, -1, dtype=np.int64)
    # The bit patterns of non-negative floats are ordered like the floats; one integer holds both sort keys.
    keys = (np.ascontiguousarray(weights).view(np.int32).astype(np.int64) << _INDEX_BITS) | reversed_indices
    if count < size:
        keys = np.partition(keys, size - count, axis=1)[:, size - count :]
    keys.sort(axis=1)
    return np.asarray(size - 1 - (keys[:, ::-1] & ((1 << _INDEX_BITS) - 1)), np.int64)


def _weights(logits: Array, highest: Array, temperature: Array) -> Array:
    """Return the probabilities up to a factor: the most likely token has weight 1."""
    weights = logits - highest[:, None]
    weights /= temperature[:, None]
    np.exp(weights, out=weights)
    return weights


def _sample_all(weights: Array, uniform: NDArray[np.float64], _: BatchedSamplingParams) -> Tokens:
    return _invert(np.cumsum(weights, axis=1, dtype=np.float64), uniform)


def _sample_row(
    logits: Array, highest: np.float32, uniform: float, temperature: np.float32, top_k: int, top_p: float
) -> int:
    """Return what `sample` returns for one row of `logits` [tokens]."""
    weights = logits - highest
    weights /= temperature
    np.exp(weights, out=weights)
    size, uses_top_p = len(weights), top_p < 1
    if not top_k and not uses_top_p:
        cumulated = np.cumsum(weights, dtype=np.float64)
        return min(int(cumulated.searchsorted(uniform * cumulated[-1], "right")), size - 1)
    top_k = min(top_k, size) if top_k else size
    sum_of_all = float(weights.sum(dtype=np.float64)) if top_k == size else None
    count = min(top_k, _FIRST_SORTED) if uses_top_p else top_k
    while True:
        order = top_indices(weights[None], count)[0]
        cumulated = np.cumsum(weights[order], dtype=np.float64)
        total = cumulated[-1] if sum_of_all is None else sum_of_all
        kept = min(int(cumulated.searchsorted(top_p * total, "left")) + 1, count) if uses_top_p else count
        if count == top_k or (sum_of_all is not None and cumulated[-1] >= top_p * total):
            break
        count = top_k
    index = int(cumulated.searchsorted(uniform * cumulated[kept - 1], "right"))
    return int(order[min(index, kept - 1)])


def _invert(cumulated: NDArray[np.float64], uniform: NDArray[np.float64]) -> Tokens:
    """Return the first index whose cumulated weight exceeds the given share of the total."""
    threshold = uniform * cumulated[:, -1]
    indices = (cumulated <= threshold[:, None]).sum(axis=1)
    return np.asarray(np.minimum(indices, cumulated.shape[1] - 1), np.int64)


def _sample_limited(weights: Array, uniform: NDArray[np.float64], params: BatchedSamplingParams) -> Tokens:
    size = weights.shape[1]
    top_k = np.where(params.top_k > 0, np.minimum(params.top_k, size), size)
    uses_top_p = params.top_p < 1
    count = int(np.where(uses_top_p, np.minimum(top_k, _FIRST_SORTED), top_k).max())
    tokens, is_exact = _sample_sorted(weights, uniform, top_k, params.top_p, count)
    rest = np.flatnonzero(~is_exact)
    if len(rest):
        again, _ = _sample_sorted(weights[rest], uniform[rest], top_k[rest], params.top_p[rest], int(top_k[rest].max()))
        tokens[rest] = again
    return tokens


def _sample_sorted(
    weights: Array, uniform: NDArray[np.float64], top_k: Tokens, top_p: NDArray[np.float64], count: int
) -> tuple[Tokens, Mask]:
    """Sample from the `count` most likely tokens; also return for which rows that many determine top-k and top-p."""
    order = top_indices(weights, count)
    cumulated = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1, dtype=np.float64)
    kept = np.minimum(top_k, count)
    # Without top-k the total is summed in vocabulary order, so it is the same number however many are sorted.
    is_unlimited = top_k == weights.shape[1]
    last = np.take_along_axis(cumulated, kept[:, None] - 1, axis=1)[:, 0]
    total = np.where(is_unlimited, weights.sum(axis=1, dtype=np.float64), last)
    nucleus = (cumulated < (top_p * total)[:, None]).sum(axis=1) + 1
    is_exact = np.where(is_unlimited, (nucleus <= count) | (count == weights.shape[1]), top_k <= count)
    kept = np.minimum(np.where(top_p < 1, nucleus, kept), kept)
    threshold = uniform * np.take_along_axis(cumulated, kept[:, None] - 1, axis=1)[:, 0]
    indices = np.minimum((cumulated <= threshold[:, None]).sum(axis=1), kept - 1)
    return np.take_along_axis(order, indices[:, None], axis=1)[:, 0], is_exact
