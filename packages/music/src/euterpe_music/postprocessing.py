"""Parameters that are applied to a finished piece: tempo, transposition, instruments."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from euterpe_music.general_midi import INSTRUMENTS
from euterpe_music.parameters import Value
from euterpe_music.piece import Piece, Tempo

#: The values of instrument parameters, by General MIDI program.
PROGRAMS: Final = tuple(instrument.parameter_value for instrument in INSTRUMENTS)


def program_number(instrument: Value) -> int:
    """The General MIDI program 0..127 of a number or one of PROGRAMS; raises ValueError for anything else."""
    if isinstance(instrument, str):
        if instrument in PROGRAMS:
            return PROGRAMS.index(instrument)
    elif 0 <= instrument <= 127:
        return int(instrument)
    raise ValueError(f"{instrument!r} is no instrument of General MIDI")


def apply_postprocessing(piece: Piece, values: Mapping[str, Value]) -> Piece:
    """Return the piece with the postprocessing parameters among `values` applied (parameters.POST); others are ignored.

    `tempo` in quarters per minute replaces the tempo map; `transpose` moves all but drums by semitones, and what
    would leave MIDI's range by an octave back into it. `instrument` is for every track, `melody_instrument` for the
    first and `accompaniment_instrument` for the second one.
    """
    if "tempo" in values:
        piece = replace(piece, tempos=(Tempo(0, float(values["tempo"])),))
    if values.get("transpose"):
        piece = _transposed(piece, int(values["transpose"]))
    named = ("melody_instrument", "accompaniment_instrument")
    wanted = [values.get(named[at] if at < 2 else "", values.get("instrument")) for at in range(len(piece.tracks))]
    if any(instrument is not None for instrument in wanted):
        tracks = tuple(
            track if instrument is None or track.is_drum else replace(track, program=program_number(instrument))
            for track, instrument in zip(piece.tracks, wanted, strict=True)
        )
        piece = replace(piece, tracks=tracks)
    return piece


def _transposed(piece: Piece, semitones: int) -> Piece:
    notes = piece.notes.copy()
    pitched = ~np.array([track.is_drum for track in piece.tracks])[notes["track"]]
    pitches = notes["pitch"].astype(np.int64) + np.where(pitched, semitones, 0)
    while (outside := (pitches > 127) | (pitches < 0)).any():
        pitches[outside] -= 12 * np.sign(pitches[outside])
    notes["pitch"] = pitches
    keys = tuple(replace(change, key=change.key.transposed(semitones)) for change in piece.keys)
    return replace(piece.with_notes(notes), keys=keys)
