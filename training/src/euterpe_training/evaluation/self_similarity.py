"""How much bars are like the bars 1, 2, 4 and 8 before them, in the piece's own meter."""

from typing import Final

import numpy as np

from euterpe_training.evaluation.scores import Score

LAGS: Final = (1, 2, 4, 8)


def bar_similarity(score: Score) -> dict[int, float]:
    """Lag → mean similarity of bars that far apart; without the lags that a piece is too short for.

    Two bars' similarity is the share of their notes that are equal in place and pitch (Dice's coefficient). Pairs with
    an empty bar are left out. Empty for a piece without known bars.
    """
    return _similarity(score, score.pitch)


def rhythm_similarity(score: Score) -> dict[int, float]:
    """The same of onsets alone."""
    return _similarity(score, np.zeros_like(score.pitch))


def _similarity(score: Score, pitch: np.ndarray[tuple[int], np.dtype[np.int64]]) -> dict[int, float]:
    if len(score.bars) < 2:
        return {}
    number = np.searchsorted(score.bars, score.onset, side="right") - 1
    inside = number >= 0
    place = (score.onset - score.bars[np.maximum(number, 0)]) * 128 + pitch
    bars = [set(place[inside & (number == bar)].tolist()) for bar in range(int(number.max()) + 1)]
    found = {}
    for lag in LAGS:
        pairs = [(one, other) for one, other in zip(bars[:-lag], bars[lag:], strict=True) if one and other]
        if pairs:
            alike = [2 * len(one & other) / (len(one) + len(other)) for one, other in pairs]
            found[lag] = float(np.mean(alike))
    return found
