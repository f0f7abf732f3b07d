"""A search over several sampled endings of a part."""

from collections.abc import Sequence

import numpy as np

from euterpe_generator.engine.request import Array, Mask
from euterpe_generator.engine.tokens.beam_search import log_softmax
from euterpe_generator.engine.tokens.plan import Ending, Tokens

#: A random number has 24 bits (see engine.noise); sampling depends mostly on the first ones, so the last ones are free.
_FREE_BITS_FACTOR = 4096.0


class EndingSearch:
    """The sampled endings of one part, with their tokens and log-probabilities.

    They continue the same tokens, one sequence of the batch each. Ending k is sampled with the piece's random numbers
    plus k ÷ candidates, modulo 1, which are uniform, too. Ending 0 is the one that is sampled without a search.
    """

    def __init__(self, ending: Ending, previous: Sequence[Tokens]) -> None:
        self.candidates = len(ending.guide_starts)
        self._ending = ending
        self._previous = tuple(previous)
        self._draw = 0.0
        self._allowed: Mask | None = None
        self._history = np.zeros((self.candidates, 0, 0), np.int64)
        self._lengths = np.zeros(self.candidates, np.int64)
        self._log_probabilities = np.zeros(self.candidates, np.float64)
        self._best: Tokens | None = None
        #: Steps before the endings, which are the same for all of them.
        self.emitted_steps = 0
        self.has_begun = False

    @property
    def offsets(self) -> Array:
        """What is added to the random numbers of each ending [candidates]."""
        return np.arange(self.candidates, dtype=np.float32) / np.float32(self.candidates)

    @property
    def history(self) -> Tokens:
        """The tokens of the part with each ending [candidates, steps, streams]; meaningless after an ending's end."""
        return self._history

    @property
    def best(self) -> Tokens:
        """The tokens [steps, streams] of the part with the best ending; of equally good ones the most probable."""
        if self._best is None:
            tokens = [history[:length] for history, length in zip(self._history, self._lengths, strict=True)]
            ranks = [self._ending.rank(self._previous, each, self._draw) for each in tokens]
            self._best = tokens[max(range(self.candidates), key=lambda k: (ranks[k], self._log_probabilities[k], -k))]
        return self._best

    def begin(self, tokens: Tokens, uniform: float) -> None:
        """Start all endings after `tokens` [steps, streams]; `uniform` is a random number of the next step."""
        self._history = np.repeat(tokens[None], self.candidates, axis=0)
        self._lengths[:] = self.emitted_steps = len(tokens)
        self._draw = uniform * _FREE_BITS_FACTOR % 1
        self._allowed = self._ending.guide(self._previous, tokens, self._draw)
        self.has_begun = True

    def apply_guide(self, logits: Array, time: Tokens) -> None:
        """Set the logits [candidates, tokens] that an ending may not use at its `time` [candidates] to -inf."""
        if self._allowed is not None:
            logits[np.ix_(time >= self._ending.guide_starts, ~self._allowed)] = -np.inf

    def append(self, tokens: Tokens, logits: Sequence[Array], is_running: Mask) -> None:
        """Append a step's `tokens` [candidates, streams]; `logits` are those of each stream before the guide."""
        each = np.arange(self.candidates)
        gains = sum(log_softmax(stream)[each, tokens[:, number]] for number, stream in enumerate(logits))
        self._log_probabilities += np.where(is_running, gains, 0.0)
        self._history = np.concatenate([self._history, tokens[:, None]], axis=1)
        self._lengths += is_running
        self._best = None
