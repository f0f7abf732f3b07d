"""Write quantised pieces as MIDI scores."""

import numpy as np
from symusic.core import KeySignatureTick, NoteTickList, ScoreTick, TempoTick, TimeSignatureTick, TrackTick

from euterpe_music.note_events.instruments import DRUM_PART, part_name, part_program
from euterpe_music.note_events.piece import NotePiece
from euterpe_music.note_events.spec import (
    LENGTHS,
    METERS,
    TEMPI,
    TICKS_PER_QUARTER,
    UNKNOWN_KEY,
    VELOCITY_STEP,
)

_SCALE = 20
# MIDI key signatures count sharps; a minor key shares those of the major key a minor third above.
_FIFTHS_OF_MAJOR = (0, -5, 2, -3, 4, -1, 6, 1, -4, 3, -2, 5)


def decode(piece: NotePiece) -> ScoreTick:
    """Write a piece as a score of 480 ticks a quarter: a track per part, meters, tempi and the keys that are known."""
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
    onsets = piece.onsets * _SCALE
    for part in piece.parts:
        chosen = piece.notes["part"] == part
        track = TrackTick(part_name(part), part_program(part), bool(part == DRUM_PART))
        notes = piece.notes[chosen]
        track.notes = NoteTickList.from_numpy(
            onsets[chosen].astype(np.int32),
            (LENGTHS[notes["length"]] * _SCALE).astype(np.int32),
            notes["pitch"].astype(np.int8),
            (notes["velocity"].astype(np.int64) * VELOCITY_STEP + VELOCITY_STEP // 2).astype(np.int8),
        )
        score.tracks.append(track)
    return score


def _changes(values: np.ndarray) -> np.ndarray:
    return np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]])) if len(values) else np.zeros(0, int)
