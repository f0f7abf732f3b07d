"""Pieces are steered to the requested key by what has sounded, without repeating its tonic."""

import numpy as np
import pytest
from euterpe_generator.engine.ensemble.key_balance import KeyBalance
from euterpe_music.key import KEYS, rate_keys
from euterpe_music.note_events.spec import PITCH_COUNT, PITCH_OFFSET

_QUARTER = 24.0


def _compose(keys: tuple[str, ...], logits: np.ndarray, notes: int = 400) -> np.ndarray:
    """Return how long the pitch classes sound in a piece of quarters that a network with these logits composes."""
    balance, random, weights = KeyBalance(1), np.random.default_rng(1), np.zeros((1, 12))
    balance.reset(0, tuple(KEYS.index(key) for key in keys))
    for _ in range(notes):
        bias = balance.bias(weights)[0, PITCH_OFFSET + 60 : PITCH_OFFSET + 72]
        odds = np.exp(logits + bias)
        weights[0, random.choice(12, p=odds / odds.sum())] += _QUARTER
    return weights[0]


@pytest.mark.parametrize("key", ["C major", "A minor", "D major", "E minor"])
def test_a_piece_in_another_key_comes_to_the_requested_one(key: str) -> None:
    in_g = np.where(np.isin(np.arange(12), (7, 9, 11, 0, 2, 4, 6)), 0.0, -2.0)
    assert KEYS[int(rate_keys(_compose((key,), in_g)).argmax())] == key
    assert KEYS[int(rate_keys(_compose((), in_g)).argmax())] != key


def test_the_tonic_of_a_network_that_prefers_it_is_not_repeated_on_and_on() -> None:
    likes_c = np.where(np.arange(12) == 0, 2.0, 0.0)
    shares = [sounded[0] / sounded.sum() for sounded in (_compose(("C major",), likes_c), _compose((), likes_c))]
    assert shares[0] < 0.35 < shares[1]


@pytest.mark.parametrize("key", ["C major", "A minor"])
def test_a_key_that_is_left_open_is_the_one_that_the_piece_fits(key: str) -> None:
    tonic = 0 if key == "C major" else 9
    keeps_to = np.where(np.isin(np.arange(12), (0, 2, 4, 5, 7, 9, 11)), 0.0, -2.0)
    keeps_to[tonic] += 3.0
    sounded = _compose(("C major", "A minor"), keeps_to)
    assert KEYS[int(rate_keys(sounded).argmax())] == key
    assert sounded[tonic] / sounded.sum() < 0.4 < _compose((), keeps_to)[tonic] / sounded.sum()


def test_nothing_is_changed_before_an_open_key_can_be_estimated() -> None:
    balance = KeyBalance(1)
    balance.reset(0, (0, 21))
    weights = np.zeros((1, 12))
    weights[0, 0] = 4 * _QUARTER
    assert not balance.bias(weights).any()
    assert balance.bias(4 * weights).any()


def test_notes_foreign_to_the_key_never_become_likelier() -> None:
    balance = KeyBalance(1)
    balance.reset(0, (KEYS.index("C major"),))
    white_only = np.where(np.isin(np.arange(12), (0, 2, 4, 5, 7, 9, 11)), 100 * _QUARTER, 0.0)[None]
    bias = balance.bias(white_only)[0, PITCH_OFFSET : PITCH_OFFSET + PITCH_COUNT]
    assert max(bias[[61, 63, 66, 68, 70]]) <= 0.0


def test_other_rows_drums_and_tempi_have_no_bias() -> None:
    balance = KeyBalance(2)
    balance.reset(0, (KEYS.index("D minor"),))
    weights = np.full((2, 12), 10 * _QUARTER)
    bias = balance.bias(weights)
    assert bias[0].any()
    assert not bias[1].any()
    assert not bias[0, :PITCH_OFFSET].any()
    assert not bias[0, PITCH_OFFSET + PITCH_COUNT :].any()
    balance.move(0, 1)
    assert np.array_equal(balance.bias(weights)[1], bias[0])
