"""Write quantised pieces as MIDI scores."""

import numpy as np
from symusic.core import KeySignatureTick, NoteTickList, ScoreTick, TempoTick, TimeSignatureTick, TrackTick

from euterpe_music.note_events.exact_values import exact_lengths, exact_velocities
from euterpe_music.note_events.instruments import DRUM_PART, part_name, part_program
from euterpe_music.note_events.piece import NotePiece, repeat_gaps
from euterpe_music.note_events.spec import (
    METERS,
    TEMPI,
    TICKS_PER_QUARTER,
    UNKNOWN_KEY,
)

_SCALE = 20
# MIDI key signatures count sharps; a minor key shares those of the major key a minor third above.
_FIFTHS_OF_MAJOR = (0, -5, 2, -3, 4, -1, 6, 1, -4, 3, -2, 5)


def decode(piece: NotePiece) -> ScoreTick:
    """Write a piece as a score of 480 ticks a quarter: a track per part, meters, tempi and the keys that are known.

    `encode` reads the piece from it again. Notes end where their pitch is repeated.
    """
    score = ScoreTick(TICKS_PER_QUARTER * _SCALE)
    starts = piece.bar_starts * _SCALE
    for bar in _changes(piece.bars["meter"]):
        count, unit = METERS[piece.bars["meter"][bar]]
        score.time_signatures.append(TimeSignatureTick(int(starts[bar]), count, unit))
    for bar in _changes(piece.bars["tempo"]):
        score.tempos.append(TempoTick(int(starts[bar]), float(TEMPI[piece.bars["tempo"][bar]])))
    for bar in _changes(piece.bars["key"]):
        key = int(piece.bars["key"][bar])
        if key != UNKNOWN_KEY:
            tonic, is_minor = key % 12, key // 12
            fifths = _FIFTHS_OF_MAJOR[(tonic + 3 * is_minor) % 12]
            score.key_signatures.append(KeySignatureTick(int(starts[bar]), fifths, is_minor))
    onsets = piece.onsets
    lengths = np.minimum(exact_lengths(piece.notes), repeat_gaps(piece.notes, onsets))
    velocities = exact_velocities(piece.notes)
    for part in piece.parts:
        chosen = piece.notes["part"] == part
        track = TrackTick(part_name(part), part_program(part), bool(part == DRUM_PART))
        notes = piece.notes[chosen]
        track.notes = NoteTickList.from_numpy(
            (onsets[chosen] * _SCALE).astype(np.int32),
            (lengths[chosen] * _SCALE).astype(np.int32),
            notes["pitch"].astype(np.int8),
            velocities[chosen].astype(np.int8),
        )
        score.tracks.append(track)
    return score


def _changes(values: np.ndarray) -> np.ndarray:
    return np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]])) if len(values) else np.zeros(0, int)
