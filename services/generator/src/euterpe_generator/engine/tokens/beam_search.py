"""Beam search over rows of logits: several pieces of one width at once, each with its own settings."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from euterpe_generator.engine.request import Array, Mask
from euterpe_generator.engine.tokens.plan import Choosing, Tokens

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Extension:
    """How a piece's beams go on: beam i extends beam parents[i] by tokens[i] [streams]; [width] each.

    Where `ended[i]`, the beam had come to its end before; it stays as it is, and its tokens mean nothing.
    """

    parents: Tokens
    tokens: Tokens
    scores: Scores
    lengths: Tokens
    ended: NDArray[np.bool_]


class BeamSearch:
    """The beams of one piece: their scores, and how each came about.

    Scores are normalised by events, the tokens of the first stream that are in `begins` [size] (None: all). On a grid
    in time all beams are equally long, and what is likeliest of all is one note, held to the end.
    """

    def __init__(self, choosing: Choosing, streams: int, begins: Mask | None = None) -> None:
        self.width = choosing.beam_width
        self._groups = choosing.beam_groups
        self._diversity = choosing.beam_diversity
        self._exponent = choosing.length_penalty
        # All beams begin alike; only the first of each group counts, or they would stay alike for ever.
        first = np.arange(self.width) % (self.width // self._groups) == 0
        self._scores = np.where(first, 0.0, -np.inf)
        self._lengths = np.zeros(self.width, np.int64)
        self._events = np.zeros(self.width, np.int64)
        self._begins = begins
        self._history = np.zeros((self.width, 0, streams), np.int64)
        self._settled = 0
        #: How many steps `tell` has told.
        self.told = 0

    @property
    def best(self) -> Tokens:
        """The tokens [steps, streams] of the beam that ranks first."""
        place = int(np.argmax(self._ranked(self._scores, self._events)))
        return self._history[place, : self._lengths[place]]

    @property
    def history(self) -> Tokens:
        """The tokens of each beam [width, steps, streams]; behind a beam's end they mean nothing."""
        return self._history

    @property
    def lengths(self) -> Tokens:
        """How many steps each beam took [width]."""
        return self._lengths

    def tell(self) -> Tokens | None:
        """The next tokens [streams] that all beams share, so that they will stay; None if all of these were told."""
        certain, history = int(self._lengths.min()), self._history
        while self._settled < certain and (history[:, self._settled] == history[0, self._settled]).all():
            self._settled += 1
        if self.told == self._settled:
            return None
        self.told += 1
        tokens: Tokens = history[0, self.told - 1]
        return tokens

    def give(self, tokens: Tokens) -> None:
        """Goes on with tokens [streams] that are given, in all beams."""
        self._history = np.concatenate([self._history, np.broadcast_to(tokens, (self.width, 1, len(tokens)))], axis=1)
        self._lengths += 1
        self._events += self._counted(tokens[:1])

    def extend(self, logits: list[Array], ended: NDArray[np.bool_]) -> Extension:
        """Goes on by one step: logits [width, size] of each stream, and which beams have come to their end."""
        candidates = _Candidates(logits, ended, 2 * self.width, self._scores)
        going_on = ~ended[candidates.parents]
        events = self._events[candidates.parents] + (going_on & self._counted(candidates.tokens[:, 0]))
        ranks = self._ranked(candidates.scores, events)
        per_group = self.width // self._groups
        chosen: list[int] = []
        for group in range(self._groups):
            members = np.flatnonzero(candidates.parents // per_group == group)
            taken = candidates.tokens[members, :1] == candidates.tokens[chosen, 0]
            merit = ranks[members] - self._diversity * taken.sum(axis=1)
            chosen += members[np.argsort(-merit, kind="stable")[:per_group]].tolist()
        at = np.array(chosen)
        parents, tokens = candidates.parents[at], candidates.tokens[at]
        self._scores, self._events = candidates.scores[at], events[at]
        self._lengths = self._lengths[parents] + going_on[at]
        self._history = np.concatenate([self._history[parents], tokens[:, None]], axis=1)
        return Extension(parents, tokens, self._scores, self._lengths, ended[parents])

    def _counted(self, tokens: Tokens) -> Mask:
        return np.ones(len(tokens), np.bool_) if self._begins is None else self._begins[tokens]

    def _ranked(self, scores: Scores, events: Tokens) -> Scores:
        return scores / np.maximum(events, 1).astype(np.float64) ** self._exponent


class _Candidates:
    """All continuations worth looking at: the `most` likeliest of each beam, and the ended beams as they are."""

    def __init__(self, logits: list[Array], ended: Mask, most: int, scores: Scores) -> None:
        width, streams = len(scores), len(logits)
        tops = [_best_first(log_softmax(part), most) for part in logits]
        gains, tokens = tops[0][1], tops[0][0][:, :, None]
        for places, more in tops[1:]:
            gains = (gains[:, :, None] + more[:, None, :]).reshape(width, -1)
            left = np.repeat(tokens, places.shape[1], axis=1)
            right = np.tile(places, (1, tokens.shape[1]))[:, :, None]
            tokens = np.concatenate([left, right], axis=2)
        # An ended beam is one candidate, itself.
        gains[ended] = -np.inf
        gains[ended, 0] = 0.0
        self.scores = (scores[:, None] + gains).reshape(-1)
        self.parents = np.repeat(np.arange(width), gains.shape[1])
        self.tokens = np.where(ended[self.parents, None], 0, tokens.reshape(-1, streams))


def _best_first(values: Scores, most: int) -> tuple[Tokens, Scores]:
    """The places and values of the `most` greatest of each row, greatest first, equal ones by place."""
    most = min(most, values.shape[1])
    threshold = np.partition(values, -most, axis=1)[:, -most, None]
    # Of those that equal the last one that fits, the first by place fit.
    surplus = (values > threshold).sum(axis=1, keepdims=True)
    equal = values == threshold
    keep = (values > threshold) | (equal & (np.cumsum(equal, axis=1) <= most - surplus))
    places = np.nonzero(keep)[1].reshape(len(values), most)
    found = np.take_along_axis(values, places, axis=1)
    order = np.argsort(-found, axis=1, kind="stable")
    return np.take_along_axis(places, order, axis=1), np.take_along_axis(found, order, axis=1)


def log_softmax(logits: Array) -> Scores:
    """Log-probabilities, in double precision, row by row."""
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))
