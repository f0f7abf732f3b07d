"""Melody and accompaniment of a piece, and a piece of both."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from euterpe_music.key_signature import KeyChange, KeySignature
from euterpe_music.meter import Meter, MeterChange
from euterpe_music.piece import DEFAULT_BPM, NoteArray, Piece, Tempo, Track, make_notes
from euterpe_music.tokens.quantized_track import QuantizedTrack

#: Written with four ticks per step of the fine grid, and 24 per sixteenth.
TICKS_PER_QUARTER: Final = 96
MELODY_VELOCITY: Final = 92
ACCOMPANIMENT_VELOCITY: Final = 66


class PartsError(ValueError):
    """A piece without a melody; the message is one sentence for the user."""


@dataclass(frozen=True)
class Parts:
    """The notes of the melody and of the accompaniment (may be empty), and the rule that separated them."""

    melody: NoteArray
    accompaniment: NoteArray
    rule: str


def split_parts(piece: Piece) -> Parts:
    """Separate melody and accompaniment of a piece.

    Drums belong to neither. Of two tracks the one with the higher mean pitch is the melody. A single track in which
    almost no notes overlap is a melody without accompaniment. Otherwise the melody is the skyline: the highest note of
    each onset, unless a higher melody note still sounds; the other notes are the accompaniment.

    Raises PartsError for a piece of drums only.
    """
    drums = np.array([track.is_drum for track in piece.tracks])
    notes = piece.notes[~drums[piece.notes["track"]]]
    if not len(notes):
        raise PartsError("the piece has only drum notes and therefore no melody")
    tracks = np.unique(notes["track"])
    if len(tracks) == 2:
        first, second = (notes[notes["track"] == track] for track in tracks)
        higher = float(first["pitch"].mean()) >= float(second["pitch"].mean())
        return Parts(first, second, "two tracks") if higher else Parts(second, first, "two tracks")
    top = _skyline(notes)
    if len(tracks) == 1 and top.mean() >= 0.98:
        return Parts(notes, notes[:0], "melody alone")
    return Parts(notes[top], notes[~top], "skyline")


def _skyline(notes: NoteArray) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Return which notes belong to the skyline; notes are sorted by onset, then pitch."""
    top = np.zeros(len(notes), np.bool_)
    ends, highest = -1, -1
    onsets, pitches = notes["onset"].tolist(), notes["pitch"].tolist()
    durations = notes["duration"].tolist()
    for at in range(len(notes)):
        last_of_onset = at + 1 == len(notes) or onsets[at + 1] != onsets[at]
        if last_of_onset and (onsets[at] >= ends or pitches[at] >= highest):
            top[at] = True
            ends, highest = onsets[at] + durations[at], pitches[at]
    return top


def to_piece(
    melody: QuantizedTrack | None,
    accompaniment: QuantizedTrack | None = None,
    *,
    bpm: float = DEFAULT_BPM,
    melody_program: int = 0,
    accompaniment_program: int = 0,
    meter: Meter | None = None,
    key: KeySignature | None = None,
) -> Piece:
    """Return a piece with one track for each part that is given; the melody is played louder.

    Raises ValueError without a part.
    """
    notes: list[NoteArray] = []
    tracks: list[Track] = []
    parts = (
        ("Melody", melody, melody_program, MELODY_VELOCITY),
        ("Accompaniment", accompaniment, accompaniment_program, ACCOMPANIMENT_VELOCITY),
    )
    for name, slices, program, velocity in parts:
        if slices is not None:
            notes.append(_to_notes(slices, velocity, len(tracks)))
            tracks.append(Track(program, name=name))
    if not tracks:
        raise ValueError("a piece needs a melody or an accompaniment")
    return Piece(
        TICKS_PER_QUARTER,
        np.concatenate(notes),
        tuple(tracks),
        (Tempo(0, bpm),),
        () if meter is None else (MeterChange(0, meter),),
        () if key is None else (KeyChange(0, key),),
    )


def _to_notes(slices: QuantizedTrack, velocity: int, track: int) -> NoteArray:
    ticks = TICKS_PER_QUARTER / slices.steps_per_quarter
    counts = [len(pitches) for pitches in slices.pitches]
    onset = np.rint(np.repeat(np.array(slices.onsets, np.float64), counts) * ticks)
    length = np.rint(np.repeat(np.array(slices.lengths, np.float64), counts) * ticks)
    pitch = np.array([pitch for pitches in slices.pitches for pitch in pitches], np.int64)
    return make_notes(onset, np.maximum(length, 1), pitch, velocity, track)
