"""Which tokens would repeat an n-gram of the same sequence (`no_repeat_ngram`)."""

import numpy as np

from euterpe_generator.engine.request import Array, Mask
from euterpe_generator.engine.tokens.plan import Tokens


def completing_tokens(events: Tokens, size: int) -> Tokens:
    """Return the tokens after which the last `size` of `events` [events], a token included, occur a second time.

    `size` is at least 2.
    """
    if len(events) < size:
        return events[:0]
    ngrams = np.lib.stride_tricks.sliding_window_view(events, size)
    is_repeated = (ngrams[:, :-1] == events[len(events) - size + 1 :]).all(axis=1)
    return np.asarray(ngrams[is_repeated, -1], np.int64)


def exclude_repeated_ngrams(logits: Array, tokens: Tokens, size: int, onset_tokens: Mask | None) -> None:
    """Set the logits [tokens] that would repeat an n-gram of `tokens` [steps] to -inf, in place.

    Only tokens of `onset_tokens` (None: all) count: those that hold a note neither form n-grams nor are excluded. Where
    no other token is allowed, nothing is excluded.
    """
    events = tokens if onset_tokens is None else tokens[onset_tokens[tokens]]
    excluded = completing_tokens(events, size)
    if len(excluded):
        remaining = logits.copy()
        remaining[excluded] = -np.inf
        if np.isfinite(remaining).any():
            logits[:] = remaining
