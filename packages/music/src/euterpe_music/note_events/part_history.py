"""What a part played last: inputs of the heads that choose pitch, length and velocity once the part is chosen.

The network's state describes the music as a whole. Most of what a part plays next depends on its own latest notes, so
the heads see these directly.
"""

import numpy as np

from euterpe_music.note_events.arrange import COMPOSED, FUTURE, Rows
from euterpe_music.note_events.spec import COLUMN_SIZES, DRUM_KEYS, DRUM_OFFSET, PITCH_COUNT, PITCH_OFFSET

# Pitch of the part's latest note, highest pitch of its latest onset before the next note's, and length and velocity of
# the latest note, each 0 for none; and how long ago the latest note began: `NEVER` to `LONGER_AGO`.
HISTORY_SIZES = (PITCH_COUNT + 1, PITCH_COUNT + 1, COLUMN_SIZES[3], COLUMN_SIZES[4], 5)
NEVER, SAME_ONSET, SAME_BAR, PREVIOUS_BAR, LONGER_AGO = range(5)
NO_HISTORY = (0, 0, 0, 0, NEVER)
# The first column (see `spec`) that is chosen with the history: the part is known by then.
FIRST_COLUMN = 2


def pitch_of_column(values: np.ndarray) -> np.ndarray:
    """Return 1 + the MIDI pitch or drum key of values of a note's pitch column."""
    return np.asarray(
        np.where(values >= DRUM_OFFSET, values - DRUM_OFFSET + DRUM_KEYS.start, values - PITCH_OFFSET) + 1
    )


def part_histories(rows: Rows) -> np.ndarray:
    """Return for each row the history of the part of the next row's note, [n, 5]; zeros where that is no composed note.

    Rows of bars that are shown in advance do not count.
    """
    histories = np.zeros((len(rows), len(HISTORY_SIZES)), dtype=np.int16)
    index = np.flatnonzero((rows.notes >= 0) & (rows.roles < FUTURE))
    if not len(index):
        return histories
    index = index[np.argsort(rows.columns[index, 1], kind="stable")]
    part, position = rows.columns[index, 1], rows.columns[index, 0].astype(np.int64)
    bar = rows.bars[index].astype(np.int64)
    pitch = pitch_of_column(rows.columns[index, 2])
    places = np.arange(len(index))
    opens_part = np.concatenate([[True], part[1:] != part[:-1]])
    opens_onset = opens_part | np.concatenate([[True], (bar[1:] != bar[:-1]) | (position[1:] != position[:-1])])
    onset = np.maximum.accumulate(np.where(opens_onset, places, 0))
    first = np.maximum.accumulate(np.where(opens_part, places, 0))
    before = np.maximum(places - 1, 0)
    onset_before = onset[np.maximum(onset - 1, 0)]
    has_onset_before = onset > first
    bars_ago = bar - bar[before]
    age = np.select(
        [opens_part, ~opens_onset, bars_ago == 0, bars_ago == 1],
        [NEVER, SAME_ONSET, SAME_BAR, PREVIOUS_BAR],
        LONGER_AGO,
    )
    found = np.stack(
        [
            np.where(opens_part, 0, pitch[before]),
            np.where(has_onset_before, pitch[onset_before], 0),
            np.where(opens_part, 0, rows.columns[index[before], 3]),
            np.where(opens_part, 0, rows.columns[index[before], 4]),
            age,
        ],
        axis=1,
    )
    is_target = (rows.roles[index] == COMPOSED) & (index > 0)
    histories[index[is_target] - 1] = found[is_target]
    return histories
