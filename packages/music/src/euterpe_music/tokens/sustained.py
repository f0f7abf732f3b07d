"""An accompaniment as notes that sound on: three streams, pitches, lengths, and times to the next note.

Encodings 1 and 2 have one chord at a time, so that every new onset cuts the notes that sound, and a chord is pitch
classes above one octave. Here a note keeps its own length and register, whatever begins after it.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from euterpe_music.tokens.quantized_track import SIXTEENTHS
from euterpe_music.tokens.symbols import REST

#: The longest note, and the longest time to the next event, in quarters; longer silence is several rests.
MAX_LENGTH_QUARTERS: Final = 16
MAX_ADVANCE_QUARTERS: Final = 8

#: Onset, length and pitch [notes, 3], in steps, ordered by onset, then pitch.
GridNotes = NDArray[np.int64]


def quantize_sustained(
    onset: NDArray[Any], length: NDArray[Any], pitch: NDArray[Any], steps_per_quarter: int = SIXTEENTHS
) -> GridNotes:
    """Quantize notes, with times in quarters, to a grid, each with its own length of at least one step.

    Notes of one onset and pitch become the longest of them. A note ends at the latest where its pitch begins again.
    """
    steps = np.rint(np.asarray(onset) * steps_per_quarter).astype(np.int64)
    sizes = np.maximum(np.rint(np.asarray(length) * steps_per_quarter), 1).astype(np.int64)
    sizes = np.minimum(sizes, MAX_LENGTH_QUARTERS * steps_per_quarter)
    notes = np.stack([steps, sizes, np.asarray(pitch, np.int64)], axis=1)
    # By pitch and onset, the longest first, which is kept.
    notes = notes[np.lexsort((-notes[:, 1], notes[:, 0], notes[:, 2]))]
    is_first = np.ones(len(notes), np.bool_)
    is_first[1:] = (np.diff(notes[:, 0]) != 0) | (np.diff(notes[:, 2]) != 0)
    notes = notes[is_first]
    same_pitch = notes[1:, 2] == notes[:-1, 2]
    room = np.where(same_pitch, notes[1:, 0] - notes[:-1, 0], np.iinfo(np.int64).max)
    notes[:-1, 1] = np.minimum(notes[:-1, 1], room)
    return np.asarray(notes[np.lexsort((notes[:, 2], notes[:, 0]))])


def encode_sustained(
    notes: GridNotes, end: int, steps_per_quarter: int = SIXTEENTHS
) -> tuple[list[str], list[str], list[str]]:
    """Return tokens for pitches (a MIDI number or a rest), lengths, and times to the next event.

    Times are fractions of a quarter; notes that begin together have the time 0 between them. `end` is the end of the
    part in steps.
    """
    pitches, lengths, advances = [], [], []
    most = MAX_ADVANCE_QUARTERS * steps_per_quarter

    def add(pitch: str, length: int, advance: int) -> None:
        for symbol, size, time in ((pitch, length, min(advance, most)), *_rests(advance - most, most)):
            pitches.append(symbol)
            lengths.append(str(Fraction(size, steps_per_quarter)))
            advances.append(str(Fraction(time, steps_per_quarter)))

    following = [*notes[1:, 0].tolist(), end][: len(notes)]
    first = int(notes[0, 0]) if len(notes) else end
    if first:
        add(REST, 0, first)
    for (onset, length, pitch), after in zip(notes.tolist(), following, strict=True):
        add(str(pitch), length, max(after - onset, 0))
    return pitches, lengths, advances


def _rests(remaining: int, most: int) -> list[tuple[str, int, int]]:
    return [(REST, 0, min(most, remaining - done)) for done in range(0, max(remaining, 0), most)]


def decode_sustained(
    pitches: Sequence[str], lengths: Sequence[str], advances: Sequence[str], steps_per_quarter: int = SIXTEENTHS
) -> tuple[GridNotes, int]:
    """Return the notes that three streams mean, and the end of the part in steps; the inverse of `encode_sustained`."""
    rows, now = [], 0
    for pitch, length, advance in zip(pitches, lengths, advances, strict=True):
        if pitch != REST:
            rows.append((now, round(Fraction(length) * steps_per_quarter), int(pitch)))
        now += round(Fraction(advance) * steps_per_quarter)
    return np.array(rows, np.int64).reshape(-1, 3), now
