"""Beam search against exhaustive search."""

import itertools

import numpy as np
import pytest
from euterpe_generator.engine.tokens.beam_search import BeamSearch, log_softmax
from euterpe_generator.engine.tokens.plan import SamplingParams

SIZE, STEPS = 5, 4


def table(seed: int) -> np.ndarray:
    """Logits after each token at each step [steps, previous token, token]."""
    return np.random.default_rng(seed).normal(0, 2, (STEPS, SIZE, SIZE)).astype(np.float32)


def search(logits: np.ndarray, params: SamplingParams) -> BeamSearch:
    beams = BeamSearch(params, streams=1)
    last = np.zeros(params.beam_width, np.int64)
    for step in range(STEPS):
        extension = beams.extend([logits[step, last]], np.zeros(params.beam_width, np.bool_))
        last = extension.tokens[:, 0]
    return beams


def score(logits: np.ndarray, tokens: tuple[int, ...]) -> float:
    before = (0, *tokens)
    return sum(float(log_softmax(logits[step, before[step]][None])[0, token]) for step, token in enumerate(tokens))


@pytest.mark.parametrize("seed", range(5))
def test_an_exhaustive_beam_finds_the_best_sequence(seed: int) -> None:
    logits = table(seed)
    best = max(itertools.product(range(SIZE), repeat=STEPS), key=lambda tokens: score(logits, tokens))
    found = search(logits, SamplingParams(beam_width=SIZE**3))
    assert tuple(found.best[:, 0].tolist()) == best


@pytest.mark.parametrize("seed", range(5))
def test_a_wider_beam_finds_no_worse_sequence(seed: int) -> None:
    logits = table(seed)
    scores = [score(logits, tuple(search(logits, SamplingParams(beam_width=w)).best[:, 0].tolist())) for w in (1, 125)]
    assert scores[1] >= scores[0] - 1e-9


def test_diverse_groups_start_with_different_tokens() -> None:
    logits = np.zeros((1, SIZE), np.float32)
    logits[0] = [3, 2, 1, 0, -1]
    logits = np.repeat(logits, 4, axis=0)
    equal = BeamSearch(SamplingParams(beam_width=4, beam_groups=4), streams=1)
    diverse = BeamSearch(SamplingParams(beam_width=4, beam_groups=4, beam_diversity=10.0), streams=1)
    no_end = np.zeros(4, np.bool_)
    assert equal.extend([logits], no_end).tokens[:, 0].tolist() == [0, 0, 0, 0]
    assert diverse.extend([logits], no_end).tokens[:, 0].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(("penalty", "steps"), [(0.0, 1), (2.0, 3)])
def test_the_length_penalty_decides_between_short_and_long_beams(penalty: float, steps: int) -> None:
    # One beam ends after its first step; the other continues, and loses a little probability at each step.
    beams = BeamSearch(SamplingParams(beam_width=2, length_penalty=penalty), streams=1)
    first = np.array([[np.log(0.5), np.log(0.5), -np.inf]] * 2, np.float32)
    extension = beams.extend([first], np.zeros(2, np.bool_))
    for _ in range(2):
        ended = (extension.tokens[:, 0] == 0) | extension.ended
        continuing = np.array([[-np.inf, np.log(0.6), np.log(0.4)]] * 2, np.float32)
        extension = beams.extend([continuing], ended)
    assert len(beams.best) == steps


def test_streams_are_searched_together() -> None:
    beams = BeamSearch(SamplingParams(beam_width=3), streams=2)
    pitch = np.log(np.array([[0.6, 0.4]] * 3)).astype(np.float32)
    duration = np.log(np.array([[0.1, 0.9]] * 3)).astype(np.float32)
    extension = beams.extend([pitch, duration], np.zeros(3, np.bool_))
    assert extension.tokens.tolist() == [[0, 1], [1, 1], [0, 0]]
    assert np.allclose(np.exp(extension.scores), [0.54, 0.36, 0.06])


@pytest.mark.parametrize("seed", range(5))
def test_only_settled_tokens_are_returned(seed: int) -> None:
    logits = table(seed)
    beams = BeamSearch(SamplingParams(beam_width=3), streams=1)
    last, settled = np.zeros(3, np.int64), []
    for step in range(STEPS):
        last = beams.extend([logits[step, last]], np.zeros(3, np.bool_)).tokens[:, 0]
        while (tokens := beams.pop_settled()) is not None:
            settled.append(int(tokens[0]))
    assert beams.best[: len(settled), 0].tolist() == settled
    shared = [len(set(column)) == 1 for column in beams.history[:, :, 0].T.tolist()]
    assert len(settled) == [*shared, False].index(False)


@pytest.mark.parametrize(("counted", "expected"), [(False, [1, 0, 0, 0]), (True, [1, 1, 1, 1])])
def test_scores_are_normalised_by_events_so_that_one_held_note_does_not_win(counted: bool, expected: list[int]) -> None:
    # Token 0 holds, token 1 starts a note; at each step holding is slightly more likely.
    onset_tokens = np.array([False, True]) if counted else None
    beams = BeamSearch(SamplingParams(beam_width=2), streams=1, onset_tokens=onset_tokens)
    none_ended = np.zeros(2, np.bool_)
    beams.extend([np.log(np.array([[1e-9, 1.0]] * 2)).astype(np.float32)], none_ended)
    for _ in range(3):
        beams.extend([np.log(np.array([[0.55, 0.45]] * 2)).astype(np.float32)], none_ended)
    assert beams.best[:, 0].tolist() == expected
