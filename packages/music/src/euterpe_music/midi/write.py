"""Piece → MIDI file."""

import struct
from functools import cache
from typing import Final

import numpy as np

from euterpe_music.midi.chunks import MidiFile
from euterpe_music.piece import NoteArray, Piece, Track

_DRUM_CHANNEL: Final = 9
_MELODIC_CHANNELS: Final = tuple(channel for channel in range(16) if channel != _DRUM_CHANNEL)
_LONGEST_DELTA: Final = 0x0FFF_FFFF
#: Deltas of pieces repeat: looking one up costs a third of encoding it.
_CACHED_DELTAS: Final = 4096
_END_OF_TRACK: Final = b"\x00\xff\x2f\x00"


def write_midi(piece: Piece) -> bytes:
    """The piece as a format 1 file: a track of tempos, then one track per track of the piece.

    Equal pieces give equal bytes, on every machine and in every release of the libraries underneath. What is
    written is `piece.playable()`. Melodic tracks share 15 channels in turn; drums are on channel 10.
    """
    played = piece.playable()
    chunks = [_tempo_track(played)]
    melodic = 0
    for index, track in enumerate(played.tracks):
        channel = _DRUM_CHANNEL if track.is_drum else _MELODIC_CHANNELS[melodic % len(_MELODIC_CHANNELS)]
        melodic += not track.is_drum
        chunks.append(_note_track(played.notes[played.notes["track"] == index], track, channel))
    return MidiFile(1, piece.ticks_per_quarter, tuple(chunks)).to_bytes()


def _vlq(value: int) -> bytes:
    """A variable-length quantity of up to 28 bits."""
    parts = [value & 0x7F]
    while value := value >> 7:
        parts.append(0x80 | (value & 0x7F))
    return bytes(reversed(parts))


@cache
def _short_delta(ticks: int) -> bytes:
    return _vlq(ticks)


def _delta(ticks: int) -> bytes:
    """A delta time; one that is too long for a quantity is split over empty text events."""
    if ticks < _CACHED_DELTAS:
        return _short_delta(ticks)
    skips, rest = divmod(ticks, _LONGEST_DELTA)
    return (_vlq(_LONGEST_DELTA) + b"\xff\x01\x00") * skips + _vlq(rest)


def _tempo_track(piece: Piece) -> bytes:
    parts: list[bytes] = []
    now = 0
    for tempo in piece.tempos:
        microseconds = min(max(round(60_000_000 / tempo.bpm), 1), 0xFF_FFFF)
        parts += [_delta(tempo.tick - now), b"\xff\x51\x03", struct.pack(">I", microseconds)[1:]]
        now = tempo.tick
    return b"".join([*parts, _END_OF_TRACK])


def _note_track(notes: NoteArray, track: Track, channel: int) -> bytes:
    ends = notes["onset"] + notes["duration"]
    ticks = np.concatenate([ends, notes["onset"]])
    pitches = np.concatenate([notes["pitch"], notes["pitch"]])
    velocities = np.concatenate([np.zeros(len(notes), np.uint8), notes["velocity"]])
    # At one tick, keys are let go before they are struck: velocity 0 sorts first.
    order = np.lexsort((velocities, pitches, velocities > 0, ticks))
    parts = [bytes((0, 0xC0 | channel, track.program))]
    now = 0
    for tick, pitch, velocity in zip(
        ticks[order].tolist(), pitches[order].tolist(), velocities[order].tolist(), strict=True
    ):
        status = 0x90 if velocity else 0x80
        parts += [_delta(tick - now), bytes((status | channel, pitch, velocity))]
        now = tick
    return b"".join([*parts, _END_OF_TRACK])
