"""The search for an ending: which of the sampled endings is kept."""

from typing import Any

import numpy as np
import pytest
from euterpe_generator.engine.tokens.ending_search import EndingSearch
from euterpe_generator.engine.tokens.plan import Ending, Rank, Tokens
from numpy.typing import NDArray

#: Logits of four tokens: 3 is the most probable.
LOGITS = [np.log(np.array([[0.1, 0.2, 0.3, 0.4]] * 3))]


def search(rank: Rank, allowed: NDArray[np.bool_] | None = None, starts: tuple[int, ...] = (9, 9, 9)) -> EndingSearch:
    made = EndingSearch(Ending(2, rank, lambda previous, tokens, draw: allowed, starts), [])
    made.begin(np.array([[7], [7]]), 0.25)
    return made


def append(made: EndingSearch, *tokens: int, running: tuple[bool, ...] = (True, True, True)) -> None:
    made.append(np.array(tokens)[:, None], LOGITS, np.array(running))


def equal(previous: Any, tokens: Tokens, draw: float) -> float:
    return 0.0


def test_the_ending_with_the_highest_rank_is_kept_however_improbable() -> None:
    made = search(lambda previous, tokens, draw: float(tokens[-1, 0] == 0))
    append(made, 3, 0, 3)
    append(made, 3, 3, 3)
    append(made, 3, 0, 3)
    assert made.best.tolist() == [[7], [7], [0], [3], [0]]


def test_of_equal_endings_the_most_probable_is_kept_and_then_the_first() -> None:
    made = search(equal)
    append(made, 1, 2, 2)
    assert made.best.tolist() == [[7], [7], [2]]
    append(made, 1, 0, 3)
    assert made.best.tolist() == [[7], [7], [2], [3]]
    first = search(equal)
    append(first, 2, 2, 2)
    append(first, 3, 3, 3)
    assert first.best[-1] == [3]


def test_steps_after_the_end_of_an_ending_do_not_count() -> None:
    made = search(equal)
    append(made, 2, 3, 3, running=(True, False, True))
    append(made, 0, 0, 0, running=(False, False, True))
    assert made.best.tolist() == [[7], [7]], "it has no improbable token"


def test_an_ending_uses_only_the_tokens_of_the_guide_from_its_start_on() -> None:
    made = search(equal, np.array([True, False, False, True]), (9, 5, 0))
    for time, guided in ((4, [False, False, True]), (5, [False, True, True])):
        logits = np.zeros((3, 4), np.float32)
        made.apply_guide(logits, np.full(3, time))
        assert np.isinf(logits[:, 1:3]).all(axis=1).tolist() == guided
        assert not np.isinf(logits[:, [0, 3]]).any()


def test_random_numbers_of_endings_are_spread_and_those_of_the_first_are_unchanged() -> None:
    assert search(equal).offsets == pytest.approx([0, 1 / 3, 2 / 3])
    draws: list[float] = []
    made = search(lambda previous, tokens, draw: draws.append(draw) or 0.0)  # type: ignore[func-returns-value]
    append(made, 1, 1, 1)
    assert made.best is not None
    assert set(draws) == {0.25 * 4096 % 1}
