"""MIDI files of a listening test that differ in nothing but the pitches, onsets and durations of their notes."""

from typing import Final

import numpy as np
from euterpe_music.meter import Meter, MeterChange
from euterpe_music.midi import write_midi
from euterpe_music.note_events.instruments import INSTRUMENTS
from euterpe_music.piece import Piece, Tempo, Track

from euterpe_generator.domain.excerpts import Excerpt

#: Ticks per quarter, and the grid of ensemble models: 1/24 quarter.
_TICKS: Final = 480
_GRID: Final = _TICKS // 24
#: The velocity of all notes: encoded scores have no dynamics, composed pieces have.
_VELOCITY: Final = 80


def blind_midi(piece: Piece, excerpt: Excerpt) -> bytes:
    """Return the first bars of a piece as a MIDI file without anything that tells where the piece comes from.

    The bars, meter, tempo and instruments are those of `excerpt`. All notes have one velocity and lie on one grid;
    those that would sound beyond the last bar end there. There are no titles, keys and controllers, and a track has
    the name of its instrument in General MIDI. Notes of other instruments are left out.
    """
    piece = piece.rescaled(_TICKS)
    end = round(excerpt.quarters * _TICKS)
    tracks = tuple(Track(_program(part)) for part in excerpt.parts)
    numbers = _track_numbers(piece.tracks, tracks)
    notes = piece.notes[(piece.notes["onset"] < end) & (numbers[piece.notes["track"]] >= 0)].copy()
    onset = np.rint(notes["onset"] / _GRID).astype(np.int64) * _GRID
    duration = np.maximum(np.rint(notes["duration"] / _GRID).astype(np.int64), 1) * _GRID
    notes["onset"], notes["duration"] = onset, np.minimum(duration, end - onset)
    notes["velocity"], notes["track"] = _VELOCITY, numbers[notes["track"]]
    notes = notes[notes["duration"] > 0]
    meters = (MeterChange(0, Meter.parse(excerpt.meter)),)
    return write_midi(Piece(_TICKS, notes, tracks, (Tempo(0, float(excerpt.tempo)),), meters), end_tick=end)


def _program(part: str) -> int:
    return next(instrument.programs[0] for instrument in INSTRUMENTS if instrument.name == part)


def _track_numbers(given: tuple[Track, ...], wanted: tuple[Track, ...]) -> np.ndarray:
    """Return for each given track the first free wanted one with its program, or -1."""
    free = list(range(len(wanted)))
    numbers = np.full(max(len(given), 1), -1, np.int64)
    for index, track in enumerate(given):
        found = next((one for one in free if wanted[one].program == track.program and not track.is_drum), None)
        if found is not None:
            free.remove(found)
            numbers[index] = found
    return numbers
