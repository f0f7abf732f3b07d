"""Beam search against looking at everything."""

import itertools

import numpy as np
import pytest
from euterpe_generator.engine.tokens.beam_search import BeamSearch, log_softmax
from euterpe_generator.engine.tokens.plan import Choosing

SIZE, STEPS = 5, 4


def table(seed: int) -> np.ndarray:
    """Logits after each token at each step [steps, token before, token]."""
    return np.random.default_rng(seed).normal(0, 2, (STEPS, SIZE, SIZE)).astype(np.float32)


def search(logits: np.ndarray, choosing: Choosing) -> BeamSearch:
    beams = BeamSearch(choosing, streams=1)
    last = np.zeros(choosing.beam_width, np.int64)
    for step in range(STEPS):
        extension = beams.extend([logits[step, last]], np.zeros(choosing.beam_width, np.bool_))
        last = extension.tokens[:, 0]
    return beams


def score(logits: np.ndarray, tokens: tuple[int, ...]) -> float:
    before = (0, *tokens)
    return sum(float(log_softmax(logits[step, before[step]][None])[0, token]) for step, token in enumerate(tokens))


@pytest.mark.parametrize("seed", range(5))
def test_a_beam_as_wide_as_all_finds_the_best_of_all(seed: int) -> None:
    logits = table(seed)
    best = max(itertools.product(range(SIZE), repeat=STEPS), key=lambda tokens: score(logits, tokens))
    found = search(logits, Choosing(beam_width=SIZE**3))
    assert tuple(found.best[:, 0].tolist()) == best


@pytest.mark.parametrize("seed", range(5))
def test_a_wider_beam_finds_no_worse(seed: int) -> None:
    logits = table(seed)
    scores = [score(logits, tuple(search(logits, Choosing(beam_width=w)).best[:, 0].tolist())) for w in (1, 125)]
    assert scores[1] >= scores[0] - 1e-9


def test_groups_that_avoid_each_other_begin_differently() -> None:
    logits = np.zeros((1, SIZE), np.float32)
    logits[0] = [3, 2, 1, 0, -1]
    logits = np.repeat(logits, 4, axis=0)
    alike = BeamSearch(Choosing(beam_width=4, beam_groups=4), streams=1)
    apart = BeamSearch(Choosing(beam_width=4, beam_groups=4, beam_diversity=10.0), streams=1)
    no_end = np.zeros(4, np.bool_)
    assert alike.extend([logits], no_end).tokens[:, 0].tolist() == [0, 0, 0, 0]
    assert apart.extend([logits], no_end).tokens[:, 0].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(("penalty", "steps"), [(0.0, 1), (2.0, 3)])
def test_length_normalisation_decides_between_short_and_long(penalty: float, steps: int) -> None:
    # One beam ends after its first step; the other goes on, each further step costing a little.
    beams = BeamSearch(Choosing(beam_width=2, length_penalty=penalty), streams=1)
    first = np.array([[np.log(0.5), np.log(0.5), -np.inf]] * 2, np.float32)
    extension = beams.extend([first], np.zeros(2, np.bool_))
    for _ in range(2):
        ended = (extension.tokens[:, 0] == 0) | extension.ended
        going_on = np.array([[-np.inf, np.log(0.6), np.log(0.4)]] * 2, np.float32)
        extension = beams.extend([going_on], ended)
    assert len(beams.best) == steps


def test_streams_are_searched_together() -> None:
    beams = BeamSearch(Choosing(beam_width=3), streams=2)
    pitch = np.log(np.array([[0.6, 0.4]] * 3)).astype(np.float32)
    duration = np.log(np.array([[0.1, 0.9]] * 3)).astype(np.float32)
    extension = beams.extend([pitch, duration], np.zeros(3, np.bool_))
    assert extension.tokens.tolist() == [[0, 1], [1, 1], [0, 0]]
    assert np.allclose(np.exp(extension.scores), [0.54, 0.36, 0.06])


@pytest.mark.parametrize("seed", range(5))
def test_only_what_stays_is_told(seed: int) -> None:
    logits = table(seed)
    beams = BeamSearch(Choosing(beam_width=3), streams=1)
    last, told = np.zeros(3, np.int64), []
    for step in range(STEPS):
        last = beams.extend([logits[step, last]], np.zeros(3, np.bool_)).tokens[:, 0]
        while (tokens := beams.tell()) is not None:
            told.append(int(tokens[0]))
    assert beams.best[: len(told), 0].tolist() == told
    shared = [len(set(column)) == 1 for column in beams.history[:, :, 0].T.tolist()]
    assert len(told) == [*shared, False].index(False)


@pytest.mark.parametrize(("counted", "expected"), [(False, [1, 0, 0, 0]), (True, [1, 1, 1, 1])])
def test_holding_one_note_is_likeliest_on_a_grid_unless_events_count(counted: bool, expected: list[int]) -> None:
    # Token 0 holds, token 1 begins a note; at each step holding is a little likelier.
    begins = np.array([False, True]) if counted else None
    beams = BeamSearch(Choosing(beam_width=2), streams=1, begins=begins)
    none_ended = np.zeros(2, np.bool_)
    beams.extend([np.log(np.array([[1e-9, 1.0]] * 2)).astype(np.float32)], none_ended)
    for _ in range(3):
        beams.extend([np.log(np.array([[0.55, 0.45]] * 2)).astype(np.float32)], none_ended)
    assert beams.best[:, 0].tolist() == expected
