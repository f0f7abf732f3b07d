"""Every requested instrument keeps playing."""

import numpy as np
import pytest
from euterpe_generator.engine.ensemble.part_balance import PartBalance
from euterpe_music.note_events.instruments import PART_COUNT
from euterpe_music.note_events.spec import BAR, PART_OFFSET

_FLUTE, _FIDDLE, _BASS = 1, 40, 60


def _play(balance: PartBalance, bars: int, *, ask: bool, seed: int = 0) -> np.ndarray:
    """Return the notes of the parts in all bars; the network prefers the flute, and by far, e^9, to the bass."""
    random, counts = np.random.default_rng(seed), np.zeros(PART_COUNT)
    logits = np.full(PART_COUNT, -np.inf)
    logits[[_FLUTE, _FIDDLE, _BASS]] = 0.0, -1.0, -9.0
    for _ in range(bars):
        for _ in range(8):
            nudged = logits + balance.nudges(1)[0] if ask else logits
            odds = np.exp(nudged - nudged.max())
            part = int(random.choice(PART_COUNT, p=odds / odds.sum()))
            balance.count(np.array([[0, PART_OFFSET + part, 60, 1, 1]]))
            counts[part] += 1
        balance.count(np.array([[BAR, 0, 0, 0, 0]]))
    return counts


def test_a_part_that_the_network_leaves_out_gets_its_least_share() -> None:
    balance = PartBalance(1)
    balance.reset(0, (_FLUTE, _FIDDLE, _BASS))
    shares = _play(balance, 64, ask=True) / (64 * 8)
    assert shares[_BASS] > 0.06
    assert shares[_FLUTE] > 0.4
    assert _play(PartBalance(1), 64, ask=False)[_BASS] == 0


@pytest.mark.parametrize("parts", [(), (_FLUTE,), (_FLUTE, _FIDDLE)])
def test_other_parts_and_balanced_ones_are_left_alone(parts: tuple[int, ...]) -> None:
    balance = PartBalance(1)
    balance.reset(0, parts)
    _play(balance, 32, ask=True)
    nudged = np.flatnonzero(balance.nudges(1)[0])
    assert set(nudged.tolist()) <= set(parts)
    assert balance.nudges(1)[0].max() <= 2.0


def test_a_row_keeps_its_state_when_it_moves_and_returns_to_a_saved_one() -> None:
    balance = PartBalance(2)
    balance.reset(0, (_FLUTE, _BASS))
    _play(balance, 8, ask=False)
    saved = balance.save(0)
    nudges = balance.nudges(1)[0].copy()
    assert nudges[_BASS] > 0
    _play(balance, 8, ask=False)
    assert balance.nudges(1)[0, _BASS] > nudges[_BASS]
    balance.restore(0, saved)
    assert np.array_equal(balance.nudges(1)[0], nudges)
    balance.move(0, 1)
    assert np.array_equal(balance.nudges(2)[1], nudges)
