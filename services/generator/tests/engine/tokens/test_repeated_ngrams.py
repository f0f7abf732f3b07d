"""Exclusion of tokens that would repeat an n-gram."""

import numpy as np
from euterpe_generator.engine.tokens.repeated_ngrams import completing_tokens, exclude_repeated_ngrams


def test_tokens_that_followed_the_same_context_are_found() -> None:
    events = np.array([1, 2, 3, 1, 2, 4, 1, 2])
    assert sorted(completing_tokens(events, 3).tolist()) == [3, 4]
    assert sorted(completing_tokens(events, 2).tolist()) == [3, 4]
    assert completing_tokens(events, 4).tolist() == []
    assert completing_tokens(events[:2], 3).tolist() == []


def test_holds_neither_count_nor_are_excluded() -> None:
    onset_tokens = np.array([False, True, True, True])
    logits = np.zeros(4, np.float32)
    exclude_repeated_ngrams(logits, np.array([1, 0, 0, 2, 0, 1, 0]), 2, onset_tokens)
    assert np.isneginf(logits).tolist() == [False, False, True, False]


def test_without_another_allowed_token_nothing_is_excluded() -> None:
    logits = np.array([-np.inf, 0.5, -np.inf], np.float32)
    exclude_repeated_ngrams(logits, np.array([1, 1, 1]), 2, None)
    assert logits[1] == np.float32(0.5)
