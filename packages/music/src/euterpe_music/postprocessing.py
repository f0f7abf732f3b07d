"""Parameters applied to a finished piece: tempo, transposition and instruments."""

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
    """Return the General MIDI program (0 to 127) of a number or one of PROGRAMS. Raises ValueError."""
    if isinstance(instrument, str):
        if instrument in PROGRAMS:
            return PROGRAMS.index(instrument)
    elif 0 <= instrument <= 127:
        return int(instrument)
    raise ValueError(f"{instrument!r} is not a General MIDI instrument: use a name or a number from 0 to 127")


def apply_postprocessing(piece: Piece, values: Mapping[str, Value]) -> Piece:
    """Apply the post parameters among `values` (parameters.POST) to a piece; other parameters are ignored.

    `tempo`, in quarters per minute, replaces the tempo map. `transpose` moves all tracks except drums by semitones;
    pitches outside MIDI's range are moved back by octaves. `instrument` applies to every track, `melody_instrument` to
    the first and `accompaniment_instrument` to the second one.
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
