"""Whether a piece is in the key that was asked for, as far as its notes tell."""

from typing import Final, Literal

import numpy as np
from euterpe_music.key import KEYS, rate_keys
from euterpe_music.tonics import TONICS

from euterpe_training.evaluation.scores import GRID, Score

KeyRelation = Literal["same", "fifth", "relative", "parallel", "other"]

#: Longer notes count as this many quarters: a final chord that is held for long is no stronger evidence.
_LONGEST_QUARTERS: Final = 4


def score_key(score: Score) -> str | None:
    """The key that fits best, such as "D major"; None where all pitch classes sound equally long."""
    weights = np.bincount(score.pitch % 12, np.minimum(score.duration, _LONGEST_QUARTERS * GRID), minlength=12)
    return KEYS[int(rate_keys(weights).argmax())] if np.ptp(weights) > 0 else None


def key_relation(found: str, asked: str) -> KeyRelation:
    """How the key of a piece relates to the one that was asked for: a fifth away, relative, parallel or other."""
    (tonic, mode), (wanted, wanted_mode) = found.split(" "), asked.split(" ")
    distance = (TONICS.index(tonic) - TONICS.index(wanted)) % 12
    if mode == wanted_mode:
        return "same" if distance == 0 else "fifth" if distance in (5, 7) else "other"
    if distance == 0:
        return "parallel"
    return "relative" if distance == (9 if wanted_mode == "major" else 3) else "other"
