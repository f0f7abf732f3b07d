"""Remembers the figures of each part, so that they may return.

Music repeats its figures, also on other degrees. A network with a state of fixed size forgets most of them: what is
drawn from it repeats a third as many figures of four notes as real pieces do. So the pitches that would complete a
figure that the part played before become likelier, as in a continuous cache (Grave et al. 2017, "Improving Neural
Language Models with a Continuous Cache"), but on intervals, and without making likely what the network excludes.
"""

from collections import defaultdict
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from euterpe_music.note_events.instruments import DRUM_PART
from euterpe_music.note_events.spec import BAR, COLUMN_SIZES, COLUMNS, NONE, PART_OFFSET, PITCH_COUNT, PITCH_OFFSET

_WIDTH = COLUMN_SIZES[COLUMNS.index("pitch")]
#: Notes before the one that completes a figure.
_CONTEXT = 3

_Latest = dict[int, tuple[int, ...]]
_Followers = dict[tuple[int, ...], dict[int, int]]


class FigureMemory:
    """The figures of the parts of `rows` pieces: three notes, and how often each interval followed them.

    A note that is struck three times is no figure: it would be struck for ever.
    """

    def __init__(self, rows: int) -> None:
        self._latest: list[_Latest] = [{} for _ in range(rows)]
        self._followers: list[_Followers] = [{} for _ in range(rows)]

    def reset(self, row: int) -> None:
        """Forget the figures of a row."""
        self._latest[row], self._followers[row] = {}, {}

    def move(self, source: int, target: int) -> None:
        """Move a piece to another row."""
        self._latest[target], self._followers[target] = self._latest[source], self._followers[source]
        self.reset(source)

    def save(self, row: int) -> Any:
        """Return what is remembered of a row, for `restore`."""
        return deepcopy((self._latest[row], self._followers[row]))

    def restore(self, row: int, saved: Any) -> None:
        """Remember what `save` returned."""
        self._latest[row], self._followers[row] = deepcopy(saved)

    def add(self, events: NDArray[np.int64]) -> None:
        """Take in an event of each of the first rows [width, 5]; those that are no pitched notes do not count."""
        is_note = (events[:, 0] < BAR) & (events[:, 1] != PART_OFFSET + DRUM_PART) & (events[:, 2] != NONE)
        for row in np.flatnonzero(is_note).tolist():
            part, pitch = int(events[row, 1]), int(events[row, 2])
            latest = self._latest[row].get(part, ())
            if _begins_figure(latest):
                counts = self._followers[row].setdefault(_figure(part, latest), defaultdict(int))
                counts[pitch - latest[-1]] += 1
            self._latest[row][part] = (*latest, pitch)[-_CONTEXT:]

    def bias(self, parts: NDArray[np.int64], strengths: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return what is added to the logits of pitches [width, pitches], for the values of the part column [width].

        A pitch that always followed gets `strengths` [width] nats, less after few occurrences: n / (n + 1) of them.
        """
        bias = np.zeros((len(parts), _WIDTH), np.float32)
        for row in np.flatnonzero(strengths > 0).tolist():
            latest = self._latest[row].get(int(parts[row]), ())
            counts = self._followers[row].get(_figure(int(parts[row]), latest)) if _begins_figure(latest) else None
            if counts:
                total = sum(counts.values())
                for interval, count in counts.items():
                    pitch = latest[-1] + interval
                    if PITCH_OFFSET <= pitch < PITCH_OFFSET + PITCH_COUNT:
                        bias[row, pitch] = strengths[row] * count / (total + 1)
        return bias


def _begins_figure(latest: tuple[int, ...]) -> bool:
    return len(latest) == _CONTEXT and len(set(latest)) > 1


def _figure(part: int, pitches: tuple[int, ...]) -> tuple[int, ...]:
    return part, pitches[1] - pitches[0], pitches[2] - pitches[1]
