"""The form in which the synthesiser gets every piece: read and written by the product, with overridden instruments."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from euterpe_music.controls import shifted
from euterpe_music.midi import MidiLimits, read_parts, write_midi
from euterpe_music.piece import DEFAULT_BPM, Piece, TempoMap, Track

from euterpe_converter.rendering.ports import MAX_PORTS

_MELODIC_CHANNELS = 15
#: At the default tempo, 4800 ticks per second.
_TICKS_PER_QUARTER = 2400


def canonical_midi(midi: bytes, limits: MidiLimits, programs: Mapping[int, int]) -> tuple[Piece, bytes]:
    """Return the piece in a file, and the file that is synthesised. Raises MidiError.

    `programs` maps channels of the given file (0 to 15, on every port) to the programs (0 to 127) that replace its own;
    drum kits keep theirs. More melodic tracks than the synthesiser has channels are merged by program.
    """
    reading = read_parts(midi, limits)
    piece = reading.piece
    if programs:
        tracks = zip(piece.tracks, reading.parts, strict=True)
        piece = replace(piece, tracks=tuple(_overridden(track, channel, programs) for track, (_, channel) in tracks))
    if sum(not track.is_drum for track in piece.tracks) > MAX_PORTS * _MELODIC_CHANNELS:
        piece = _merged(piece)
    return piece, write_midi(piece if len(piece.tempos) == 1 else _with_constant_tempo(piece))


def _with_constant_tempo(piece: Piece) -> Piece:
    """Return the piece with equal times in seconds, to a fifth of a millisecond, at one tempo.

    FluidSynth notices a change of tempo at the end of a block of frames, and by then it has counted on at the old
    tempo: after a very fast one, it has skipped the music.
    """
    times = TempoMap.of(np.array([0]), np.array([DEFAULT_BPM]), _TICKS_PER_QUARTER)
    notes, controls = piece.notes.copy(), piece.controls.copy()
    notes["onset"] = times.ticks(piece.seconds(piece.notes["onset"]))
    ends = times.ticks(piece.seconds(piece.notes["onset"] + piece.notes["duration"]))
    notes["duration"] = np.maximum(ends - notes["onset"], 1)
    controls["tick"] = times.ticks(piece.seconds(controls["tick"]))
    return Piece(_TICKS_PER_QUARTER, notes, piece.tracks, controls=controls)


def _overridden(track: Track, channel: int, programs: Mapping[int, int]) -> Track:
    return track if track.is_drum else replace(track, program=programs.get(channel, track.program))


def _merged(piece: Piece) -> Piece:
    """Return the piece with one track per instrument."""
    instruments = [Track(track.program, track.is_drum) for track in piece.tracks]
    tracks = list(dict.fromkeys(instruments))
    targets = [tracks.index(instrument) for instrument in instruments]
    notes = piece.notes.copy()
    notes["track"] = [targets[track] for track in notes["track"].tolist()]
    moved = [targets[track] for track in piece.controls["track"].tolist()]
    return replace(piece, notes=notes, tracks=tuple(tracks), controls=shifted(piece.controls, track=moved))
