"""Beam search over rows of logits."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from euterpe_generator.engine.request import Array, Mask
from euterpe_generator.engine.tokens.plan import SamplingParams, Tokens

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Extension:
    """One step of all beams: beam i extends beam parents[i] by tokens[i] [streams]; the other arrays are [width].

    Where `ended[i]`, the parent had already ended: the beam is unchanged and its tokens are meaningless.
    """

    parents: Tokens
    tokens: Tokens
    scores: Scores
    ended: NDArray[np.bool_]


class BeamSearch:
    """The beams of one piece with their scores and histories.

    Scores are normalised by the number of events: the tokens of the first stream that are in `onset_tokens` [size]
    (None: all). On a time grid all beams have equal length, and a single held note would otherwise be most likely.
    """

    def __init__(self, params: SamplingParams, streams: int, onset_tokens: Mask | None = None) -> None:
        self.width = params.beam_width
        self._groups = params.beam_groups
        self._diversity = params.beam_diversity
        self._exponent = params.length_penalty
        # All beams start equal, so only the first one of each group may be extended; else they would stay equal.
        first = np.arange(self.width) % (self.width // self._groups) == 0
        self._scores = np.where(first, 0.0, -np.inf)
        self._lengths = np.zeros(self.width, np.int64)
        self._events = np.zeros(self.width, np.int64)
        self._onset_tokens = onset_tokens
        self._history = np.zeros((self.width, 0, streams), np.int64)
        self._settled_steps = 0
        #: Steps that `pop_settled` has returned.
        self.emitted_steps = 0

    @property
    def best(self) -> Tokens:
        """The tokens [steps, streams] of the beam with the highest rank."""
        beam = int(np.argmax(self._rank(self._scores, self._events)))
        return self._history[beam, : self._lengths[beam]]

    @property
    def history(self) -> Tokens:
        """The tokens of each beam [width, steps, streams]; meaningless after the end of a beam."""
        return self._history

    def pop_settled(self) -> Tokens | None:
        """Return the next tokens [streams] that all beams share and that can no longer change; None if there are none.

        Each step is returned once.
        """
        shortest, history = int(self._lengths.min()), self._history
        settled = self._settled_steps
        while settled < shortest and (history[:, settled] == history[0, settled]).all():
            settled += 1
        self._settled_steps = settled
        if self.emitted_steps == settled:
            return None
        self.emitted_steps += 1
        tokens: Tokens = history[0, self.emitted_steps - 1]
        return tokens

    def force(self, tokens: Tokens) -> None:
        """Append given tokens [streams] to all beams."""
        self._history = np.concatenate([self._history, np.broadcast_to(tokens, (self.width, 1, len(tokens)))], axis=1)
        self._lengths += 1
        self._events += self._is_onset(tokens[:1])

    def extend(self, logits: list[Array], ended: NDArray[np.bool_]) -> Extension:
        """Take one step, from the logits [width, size] of each stream and which beams have ended."""
        candidates = _Candidates(logits, ended, 2 * self.width, self._scores)
        continues = ~ended[candidates.parents]
        events = self._events[candidates.parents] + (continues & self._is_onset(candidates.tokens[:, 0]))
        ranks = self._rank(candidates.scores, events)
        per_group = self.width // self._groups
        selected: list[int] = []
        for group in range(self._groups):
            members = np.flatnonzero(candidates.parents // per_group == group)
            repeated = candidates.tokens[members, :1] == candidates.tokens[selected, 0]
            penalised = ranks[members] - self._diversity * repeated.sum(axis=1)
            selected += members[np.argsort(-penalised, kind="stable")[:per_group]].tolist()
        at = np.array(selected)
        parents, tokens = candidates.parents[at], candidates.tokens[at]
        self._scores, self._events = candidates.scores[at], events[at]
        self._lengths = self._lengths[parents] + continues[at]
        self._history = np.concatenate([self._history[parents], tokens[:, None]], axis=1)
        return Extension(parents, tokens, self._scores, ended[parents])

    def _is_onset(self, tokens: Tokens) -> Mask:
        return np.ones(len(tokens), np.bool_) if self._onset_tokens is None else self._onset_tokens[tokens]

    def _rank(self, scores: Scores, events: Tokens) -> Scores:
        return scores / np.maximum(events, 1).astype(np.float64) ** self._exponent


class _Candidates:
    """Possible next beams: the `count` most likely continuations of each beam, and ended beams unchanged."""

    def __init__(self, logits: list[Array], ended: Mask, count: int, scores: Scores) -> None:
        width, streams = len(scores), len(logits)
        tops = [_top(log_softmax(stream), count) for stream in logits]
        gains, tokens = tops[0][1], tops[0][0][:, :, None]
        for indices, more in tops[1:]:
            gains = (gains[:, :, None] + more[:, None, :]).reshape(width, -1)
            left = np.repeat(tokens, indices.shape[1], axis=1)
            right = np.tile(indices, (1, tokens.shape[1]))[:, :, None]
            tokens = np.concatenate([left, right], axis=2)
        # An ended beam has one candidate: itself.
        gains[ended] = -np.inf
        gains[ended, 0] = 0.0
        self.scores = (scores[:, None] + gains).reshape(-1)
        self.parents = np.repeat(np.arange(width), gains.shape[1])
        self.tokens = np.where(ended[self.parents, None], 0, tokens.reshape(-1, streams))


def _top(values: Scores, count: int) -> tuple[Tokens, Scores]:
    """Return the indices and values of the `count` greatest of each row, in descending order, ties by index."""
    count = min(count, values.shape[1])
    threshold = np.partition(values, -count, axis=1)[:, -count, None]
    # Of the values equal to the threshold, those with the lowest indices fill the remaining places.
    surplus = (values > threshold).sum(axis=1, keepdims=True)
    equal = values == threshold
    keep = (values > threshold) | (equal & (np.cumsum(equal, axis=1) <= count - surplus))
    indices = np.nonzero(keep)[1].reshape(len(values), count)
    found = np.take_along_axis(values, indices, axis=1)
    order = np.argsort(-found, axis=1, kind="stable")
    return np.take_along_axis(indices, order, axis=1), np.take_along_axis(found, order, axis=1)


def log_softmax(logits: Array) -> Scores:
    """Return log-probabilities in double precision, row by row."""
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))
