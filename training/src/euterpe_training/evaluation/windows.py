"""Windows of equal note count at random positions, as evenly from all works as there are notes."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import numpy as np

from euterpe_training.evaluation.scores import Ints, Score

#: Notes of a window.
WINDOW_NOTES: Final = 200
#: Windows of one work never exceed this number; results are grouped by work.
_MAX_PER_WORK: Final = 5


def draw_windows(
    scores: Sequence[Score], count: int, random: np.random.Generator, notes: int = WINDOW_NOTES
) -> list[Score]:
    """Return up to `count` windows of `notes` notes at random positions.

    Every work gives one window before any gives a second one; a work gives no more windows than its notes fill, and
    at most five. Each window begins at the first note of an onset.
    """
    works: dict[str, list[Score]] = defaultdict(list)
    for score in scores:
        if len(score) >= notes:
            works[score.work].append(score)
    names = sorted(works)
    room = {name: min(sum(len(score) // notes for score in works[name]), _MAX_PER_WORK) for name in names}
    windows: list[Score] = []
    for turn in range(_MAX_PER_WORK):
        for index in random.permutation(len(names)).tolist():
            if len(windows) == count:
                return windows
            if room[names[index]] > turn:
                windows.append(_random_window(works[names[index]], random, notes))
    return windows


def _random_window(scores: Sequence[Score], random: np.random.Generator, notes: int) -> Score:
    starts = [_starts(score, notes) for score in scores]
    place = int(random.integers(sum(len(each) for each in starts)))
    for score, each in zip(scores, starts, strict=True):
        if place < len(each):
            return score.window(int(each[place]), notes)
        place -= len(each)
    raise AssertionError("the place lies inside one of the scores")


def _starts(score: Score, notes: int) -> Ints:
    """Return indices of notes that begin an onset with enough notes from there on."""
    first = np.append(True, score.onset[1:] != score.onset[:-1])
    return np.flatnonzero(first[: len(score) - notes + 1])
