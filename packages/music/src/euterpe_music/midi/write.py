"""Piece → standard MIDI file."""

import struct
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import Final

import numpy as np

from euterpe_music.controls import PITCH_BEND, ControlArray, no_controls
from euterpe_music.general_midi import DRUM_CHANNEL, DRUM_KIT, INSTRUMENTS
from euterpe_music.meter import with_default_meter
from euterpe_music.midi.container import to_file
from euterpe_music.piece import NoteArray, Piece, Tempo, Track

#: Raised whenever equal pieces begin to give other bytes; recorded with every piece that is written.
WRITER_VERSION: Final = 2

_MELODIC_CHANNELS: Final = tuple(channel for channel in range(16) if channel != DRUM_CHANNEL)
#: Ports are a data byte.
_PORTS: Final = 128
_LONGEST_DELTA: Final = 0x0FFF_FFFF
#: Deltas of pieces repeat: looking one up costs a third of encoding it.
_CACHED_DELTAS: Final = 4096
_NAME, _PORT, _END, _TEMPO, _METER, _KEY = 0x03, 0x21, 0x2F, 0x51, 0x58, 0x59
_MAX_NAME_BYTES: Final = 200
#: Thirty-seconds per quarter, which time signatures state.
_THIRTY_SECONDS: Final = 8


def as_written(piece: Piece) -> Piece:
    """Return the piece as reading its file returns it: played, and with tempos of whole microseconds per quarter."""
    tempos = tuple(Tempo(each.tick, 60_000_000 / _microseconds(each.bpm)) for each in piece.tempos)
    return replace(piece, tempos=tempos).playable()


def write_midi(piece: Piece, *, end_tick: int = 0) -> bytes:
    """Return the piece as a format 1 file: a conductor track, then one track per track of the piece.

    The conductor track holds title, meters, keys and tempos; every other track holds its name, port, program,
    controllers and notes (`piece.playable()`). All tracks end at the bar line after the last note, and not before
    `end_tick`, so that files of a piece's parts can have equal length. Drums are on channel
    10. Melodic tracks take the other 15 channels in turn; the sixteenth melodic track and those after it are on further
    ports, which is how sequencers tell them apart. After 128 ports, tracks share channels from the first port on; their
    programs are stated per track.

    Equal pieces give equal bytes, on every machine and in every release of the libraries underneath.
    """
    played = piece.playable()
    end = max(int(played.bar_starts[-1]), end_tick)
    if len(played.controls):
        # A pedal that lifts after the last bar line is still part of the music.
        end = max(end, int(played.controls["tick"].max()))
    chunks = [_conductor_track(played, end)]
    written: set[tuple[int, int, bytes, bytes, bytes]] = set()
    for index, (port, channel) in enumerate(_channels(played.tracks)):
        notes = played.notes[played.notes["track"] == index]
        controls = played.controls[played.controls["track"] == index] if len(played.controls) else no_controls()
        # Tracks of one channel have the same controllers; written twice, they would double with every reading.
        state = (port, channel, controls["tick"].tobytes(), controls["number"].tobytes(), controls["value"].tobytes())
        controls = no_controls() if state in written else controls
        written.add(state)
        chunks.append(_track(played.tracks[index], port, channel, notes, controls, end))
    return to_file(piece.ticks_per_quarter, tuple(chunks))


def _channels(tracks: tuple[Track, ...]) -> list[tuple[int, int]]:
    """Return port and channel of each track; drum kits that differ get ports of their own."""
    kits: dict[int, int] = {}
    melodic = 0
    found: list[tuple[int, int]] = []
    for track in tracks:
        if track.is_drum:
            found.append((kits.setdefault(track.program, len(kits)), DRUM_CHANNEL))
        else:
            port, number = divmod(melodic, len(_MELODIC_CHANNELS))
            found.append((port % _PORTS, _MELODIC_CHANNELS[number]))
            melodic += 1
    return found


def _vlq(value: int) -> bytes:
    """Encode a variable-length quantity of up to 28 bits."""
    parts = [value & 0x7F]
    while value := value >> 7:
        parts.append(0x80 | (value & 0x7F))
    return bytes(reversed(parts))


@cache
def _short_delta(ticks: int) -> bytes:
    return _vlq(ticks)


def _delta(ticks: int) -> bytes:
    """Encode a delta time; one that is too long for a quantity is split over empty text events."""
    if ticks < _CACHED_DELTAS:
        return _short_delta(ticks)
    skips, rest = divmod(ticks, _LONGEST_DELTA)
    return (_vlq(_LONGEST_DELTA) + b"\xff\x01\x00") * skips + _vlq(rest)


def _meta(kind: int, payload: bytes) -> bytes:
    return bytes((0xFF, kind)) + _vlq(len(payload)) + payload


def _text(text: str) -> bytes:
    # A cut within a character would leave bytes that are not UTF-8.
    return text.encode("utf-8", "replace")[:_MAX_NAME_BYTES].decode("utf-8", "ignore").encode()


def _joined(events: Iterable[tuple[int, bytes]], end: int) -> bytes:
    """Join events, ordered by tick, and the end of the track."""
    parts: list[bytes] = []
    now = 0
    for tick, message in events:
        parts += (_delta(tick - now), message)
        now = tick
    return b"".join([*parts, _delta(max(end - now, 0)), _meta(_END, b"")])


def _microseconds(bpm: float) -> int:
    """Return the microseconds per quarter of a tempo, as far as a file can state it."""
    return min(max(round(60_000_000 / bpm), 1), 0xFF_FFFF)


def _conductor_track(piece: Piece, end: int) -> bytes:
    events = [(0, _meta(_NAME, _text(piece.title)))] if piece.title else []
    for change in with_default_meter(piece.meters):
        meter = change.meter
        # Metronome clocks, 24 a quarter: compound meters click in dotted beats.
        beat = 3 if meter.unit >= 8 and meter.beats % 3 == 0 else 1
        clocks = min(max(round(96 / meter.unit * beat), 1), 127)
        payload = bytes((meter.beats, meter.unit.bit_length() - 1, clocks, _THIRTY_SECONDS))
        events.append((change.tick, _meta(_METER, payload)))
    events += [(each.tick, _meta(_KEY, struct.pack(">bB", each.key.sharps, each.key.is_minor))) for each in piece.keys]
    for tempo in piece.tempos:
        events.append((tempo.tick, _meta(_TEMPO, _microseconds(tempo.bpm).to_bytes(3))))
    return _joined(sorted(events, key=lambda event: event[0]), end)


def _track(track: Track, port: int, channel: int, notes: NoteArray, controls: ControlArray, end: int) -> bytes:
    name = track.name or (DRUM_KIT if track.is_drum else INSTRUMENTS[track.program]).name
    events = [(0, _meta(_PORT, bytes((port,))))] if port else []
    events += [(0, _meta(_NAME, _text(name))), (0, bytes((0xC0 | channel, track.program)))]
    played = _note_events(notes, channel)
    if not len(controls):
        return _joined([*events, *played], end)
    # Stable, so that at one tick keys are released before controllers change, and pressed after it.
    ranked = [(tick, message[0] & 0xF0 == 0x90, 0, message) for tick, message in played]
    ranked += [(tick, False, 1, message) for tick, message in _control_events(controls, channel)]
    ranked.sort(key=lambda each: each[:3])
    return _joined([*events, *((tick, message) for tick, _, _, message in ranked)], end)


def _control_events(controls: ControlArray, channel: int) -> Iterable[tuple[int, bytes]]:
    rows = zip(controls["tick"].tolist(), controls["number"].tolist(), controls["value"].tolist(), strict=True)
    for tick, number, value in rows:
        if number == PITCH_BEND:
            bend = value + 8192
            yield tick, bytes((0xE0 | channel, bend & 0x7F, bend >> 7))
        else:
            yield tick, bytes((0xB0 | channel, number, value))


def _note_events(notes: NoteArray, channel: int) -> list[tuple[int, bytes]]:
    ends = notes["onset"] + notes["duration"]
    ticks = np.concatenate([ends, notes["onset"]])
    pitches = np.concatenate([notes["pitch"], notes["pitch"]])
    velocities = np.concatenate([np.zeros(len(notes), np.uint8), notes["velocity"]])
    # At one tick, keys are released before they are pressed: velocity 0 sorts first.
    order = np.lexsort((velocities, pitches, velocities > 0, ticks))
    rows = zip(ticks[order].tolist(), pitches[order].tolist(), velocities[order].tolist(), strict=True)
    return [(tick, bytes(((0x90 if velocity else 0x80) | channel, pitch, velocity))) for tick, pitch, velocity in rows]
