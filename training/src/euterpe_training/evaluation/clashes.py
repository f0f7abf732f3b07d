"""Sounding clashes: minor seconds and minor ninths that sound together."""

from typing import Final

import numpy as np

from euterpe_training.evaluation.scores import Score

#: Longer pieces are measured on this many notes from the beginning.
_MAX_NOTES: Final = 4000


def clash_share(score: Score) -> float | None:
    """Return the share of sounding time in which two notes are a minor second or ninth apart; None without notes."""
    pitch, onset, end = score.pitch[:_MAX_NOTES], score.onset[:_MAX_NOTES], score.end[:_MAX_NOTES]
    if not len(pitch):
        return None
    times = np.unique(np.concatenate([onset, end]))
    changes = np.zeros((len(times), 129), np.int32)
    np.add.at(changes, (np.searchsorted(times, onset), pitch), 1)
    np.add.at(changes, (np.searchsorted(times, end), pitch), -1)
    sounding = np.cumsum(changes, 0)[:-1] > 0
    lengths = np.diff(times)
    clash = (sounding[:, 1:] & sounding[:, :-1]).any(1) | (sounding[:, 13:] & sounding[:, :-13]).any(1)
    return float(lengths[clash].sum() / lengths[sounding.any(1)].sum())
