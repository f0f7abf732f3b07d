"""Chords of pieces, estimated for each half bar, with their symbols."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from euterpe_music.note_events.harmony import match_chords
from euterpe_music.note_events.spec import CHORD_QUALITIES, NO_CHORD
from euterpe_music.piece import Piece

_SHARP_ROOTS: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_FLAT_ROOTS: Final = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
#: Symbols of the qualities, as `note_events.chords` reads them.
_SUFFIXES: Final = {"maj": "", "min": "m", "min7": "m7"}


@dataclass(frozen=True, slots=True)
class ChordMark:
    """A chord that begins at `tick` and holds until the next mark; without a symbol no chord explains the notes."""

    tick: int
    symbol: str | None


def chord_marks(piece: Piece) -> list[ChordMark]:
    """Estimate the chord of each half bar (`note_events.harmony.match_chords`); return where it changes.

    Bars begin with a mark of their own, so that each bar shows its chord.
    """
    starts = piece.bar_starts
    if len(starts) < 2:
        return []
    middles = starts[:-1] + np.diff(starts) // 2
    edges = np.append(np.stack([starts[:-1], middles], axis=1).ravel(), starts[-1])
    found = match_chords(*_weights_and_bass(piece, edges))
    has_flats = bool(piece.keys) and piece.keys[0].key.sharps < 0
    marks = [ChordMark(int(edges[0]), _symbol(int(found[0]), has_flats=has_flats))]
    for number, (before, chord) in enumerate(pairwise(found.tolist()), 1):
        if number % 2 == 0 or chord != before:
            marks.append(ChordMark(int(edges[number]), _symbol(chord, has_flats=has_flats)))
    return marks


def _symbol(chord: int, *, has_flats: bool) -> str | None:
    if chord == NO_CHORD:
        return None
    quality, root = divmod(chord, 12)
    name = CHORD_QUALITIES[quality]
    return (_FLAT_ROOTS if has_flats else _SHARP_ROOTS)[root] + _SUFFIXES.get(name, name)


def _weights_and_bass(piece: Piece, edges: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return how long each pitch class sounds between edges [segments, 12], and the lowest one that begins there."""
    drums = np.array([track.is_drum for track in piece.tracks])
    notes = piece.notes[~drums[piece.notes["track"]]]
    onsets, ends = notes["onset"], np.minimum(notes["onset"] + notes["duration"], edges[-1])
    weights = np.zeros((len(edges) - 1, 12))
    lowest = np.full(len(edges) - 1, 128)
    first = np.searchsorted(edges, onsets, side="right") - 1
    count = np.maximum(np.searchsorted(edges, ends, side="left") - first, 1)
    index = np.repeat(np.arange(len(notes)), count)
    segment = first[index] + np.arange(len(index)) - np.repeat(np.cumsum(count) - count, count)
    index, segment = index[segment < len(lowest)], segment[segment < len(lowest)]
    overlap = np.minimum(ends[index], edges[segment + 1]) - np.maximum(onsets[index], edges[segment])
    np.add.at(weights, (segment, notes["pitch"][index] % 12), np.maximum(overlap, 0))
    np.minimum.at(lowest, first[first < len(lowest)], notes["pitch"][first < len(lowest)])
    return weights, np.where(lowest < 128, lowest % 12, -1)
