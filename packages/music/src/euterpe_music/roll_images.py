"""Piano rolls as small images: what a classifier of styles looks at, in training and in the generator alike."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from euterpe_music.piece import NoteArray, Piece

#: Columns are sixteenths, so that an image of 64 is four bars of four quarters.
COLUMNS_PER_QUARTER: Final = 4
#: The pitch in the middle of the rows.
_CENTRE: Final = 60
_ONSET: Final = 255
_HELD: Final = 128


def roll_images(piece: Piece, size: int = 64, most: int | None = None) -> NDArray[np.uint8]:
    """Windows of `piece` as images uint8 [windows, size, size], pitch upwards and time to the right.

    A column is a sixteenth, a row a semitone, with middle C in the middle; drums and pitches outside are left out.
    Onsets are white, held notes are grey. Velocity is not shown: it depends on who made the file more than on the
    music. Windows follow one another; a last one that is less than half full is dropped unless it is the only
    one. Of more than `most`, evenly spread ones are kept. A piece without notes has no windows.
    """
    notes = _drawn(piece, size)
    if not len(notes):
        return np.zeros((0, size, size), np.uint8)
    per_tick = COLUMNS_PER_QUARTER / piece.ticks_per_quarter
    start = np.rint(notes["onset"] * per_tick).astype(np.int64)
    end = np.maximum(np.rint((notes["onset"] + notes["duration"]) * per_tick).astype(np.int64), start + 1)
    end, start = end - start[0], start - start[0]
    row = size - 1 - (notes["pitch"].astype(np.int64) - (_CENTRE - size // 2))
    columns = int(end.max())
    windows = max(1, round(columns / size))
    width = max(windows * size, columns)
    edges = np.zeros((size, width + 1), np.int32)
    np.add.at(edges, (row, start), 1)
    np.add.at(edges, (row, end), -1)
    roll = np.where(np.cumsum(edges, axis=1)[:, :width] > 0, _HELD, 0).astype(np.uint8)
    roll[row, start] = _ONSET
    images = roll[:, : windows * size].reshape(size, windows, size).transpose(1, 0, 2)
    if most is not None and windows > most:
        images = images[np.linspace(0, windows - 1, most).round().astype(np.int64)]
    return np.ascontiguousarray(images)


def _drawn(piece: Piece, size: int) -> NoteArray:
    """Notes, in order of onset, that have a row: no drums, and pitches around middle C."""
    drums = np.array([track.is_drum for track in piece.tracks])
    pitch = piece.notes["pitch"].astype(np.int64) - (_CENTRE - size // 2)
    drawn: NoteArray = piece.notes[~drums[piece.notes["track"]] & (pitch >= 0) & (pitch < size)]
    return drawn
