"""Pieces as sequences of C-RNN-GAN events, and back."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from euterpe_music.note_columns import NoteColumns, begins
from euterpe_music.piece import Piece, Tempo, Track, make_notes
from euterpe_music.spec import MAX_TICKS, MAX_VELOCITY, EventSpec, faithful_spec, thesis_spec

__all__ = [
    "EventSpec",
    "decode",
    "delta_floats",
    "delta_ticks",
    "encode",
    "encode_all",
    "faithful_spec",
    "silent_event",
    "sounding_tones",
    "thesis_spec",
]

Events = NDArray[np.float32]

_CONCERT_PITCH: Final = 69
_CONCERT_HERTZ: Final = 440.0
#: Of every MIDI pitch.
_HERTZ: Final = _CONCERT_HERTZ * 2.0 ** ((np.arange(128) - _CONCERT_PITCH) / 12)
_MIDI: Final = np.arange(128.0)
#: MIDI velocity 64 is 0 in the normalised representation, 1 and 127 are about ∓1.
_VELOCITY_CENTRE: Final = 64.0


def encode(piece: Piece, spec: EventSpec) -> Events:
    """Events [events, 1 + 3·tones_per_cell] of a piece: tracks merged, tempo and programs dropped (references.md §1).

    Notes with one onset share cells, lowest pitch first; a full cell is followed by another with a delta of 0.
    """
    return encode_all(NoteColumns.of(piece), spec)[0]


def encode_all(
    pieces: NoteColumns, spec: EventSpec, allocate: Callable[[int], Events] | None = None
) -> tuple[Events, NDArray[np.int64]]:
    """The events of several pieces, one after another, and where each piece's begin and the last one's end.

    `pieces` must be in order (`NoteColumns.in_order`). `allocate` gives a C-contiguous array [events, features] for a
    number of events, with whatever in it, for callers that have a place for them.
    """
    notes, tones, features = _on_grid(pieces, spec), spec.tones_per_cell, spec.features
    starts = np.flatnonzero(begins(notes.onset, notes.piece))
    rank = np.arange(len(notes)) - np.repeat(starts, np.diff(starts, append=len(notes)))
    slot = rank - rank // tones * tones
    new_cell = slot == 0
    onset, piece = notes.onset.compress(new_cell), notes.piece.compress(new_cell)
    events = allocate(len(onset)) if allocate else np.empty((len(onset), features), np.float32)
    silence = silent_event(spec)
    events[:] = silence if silence.any() else 0
    events[:, 0] = _time_floats(np.where(begins(piece), onset, np.diff(onset, prepend=0)), spec)
    # Of the few pitches and velocities that there are, every one is translated once.
    _, pitches, velocities = (each.astype(np.float32) for each in _tone(np.zeros(128), _MIDI, _MIDI, spec))
    length = _time_floats(notes.duration, spec).astype(np.float32)
    place = (np.cumsum(new_cell) - 1) * features + 3 * slot
    for offset, column in enumerate((length, pitches[notes.pitch], velocities[notes.velocity]), start=1):
        events.reshape(-1)[offset:][place] = column
    return events, np.searchsorted(piece, np.arange(len(pieces.ticks_per_quarter) + 1))


def decode(events: NDArray[Any], spec: EventSpec) -> Piece:
    """The piece that `events` [events, features] mean: one piano track at the spec's tempo.

    Every finite array is a piece. Values are rounded, to the spec's grid where they are times; deltas and lengths
    are clamped to at most 2**20 ticks and negative deltas to 0; a tone whose length, frequency or velocity is not
    positive is no note; velocities end at 127, and pitches outside pitch_low..pitch_high are folded by octaves.
    Raises ValueError for another shape and for values that are not finite.
    """
    values = np.asarray(events, np.float64)
    if values.ndim != 2 or values.shape[1] != spec.features:
        raise ValueError(f"events have shape {values.shape}, not [events, {spec.features}]")
    if not np.isfinite(values).all():
        raise ValueError("events hold values that are not finite")
    delta = _whole_ticks(values[:, 0] if spec.is_physical else _unscale_time(values[:, 0], spec), spec.grid)
    onset = np.broadcast_to(np.cumsum(delta)[:, None], (len(values), spec.tones_per_cell))
    length, pitch, velocity = _untone(values[:, 1::3], values[:, 2::3], values[:, 3::3], spec)
    sounds = _sounds(values, length, velocity, spec)
    notes = make_notes(onset[sounds], length[sounds], pitch[sounds], velocity[sounds])
    return Piece(spec.ticks_per_quarter, notes, (Track(),), (Tempo(0, spec.bpm),))


def sounding_tones(events: NDArray[Any], spec: EventSpec) -> NDArray[np.bool_]:
    """Return which tones [..., tones] of finite `events` [..., features] are notes when they are decoded."""
    values = np.asarray(events, np.float64).reshape(-1, spec.features)
    length, _, velocity = _untone(values[:, 1::3], values[:, 2::3], values[:, 3::3], spec)
    return _sounds(values, length, velocity, spec).reshape(*np.shape(events)[:-1], spec.tones_per_cell)


def _sounds(
    values: NDArray[np.float64], length: NDArray[np.int64], velocity: NDArray[np.int64], spec: EventSpec
) -> NDArray[np.bool_]:
    sounds = (length > 0) & (velocity > 0)
    return np.asarray(sounds & (values[:, 2::3] > 0) if spec.is_physical else sounds, np.bool_)


def delta_ticks(events: NDArray[Any], spec: EventSpec) -> NDArray[np.int64]:
    """Ticks from the previous onset to that of each of `events` [events, features], as decoding reads them."""
    values = np.asarray(events[:, 0], np.float64)
    return _whole_ticks(values if spec.is_physical else _unscale_time(values, spec), spec.grid)


def delta_floats(ticks: NDArray[Any], spec: EventSpec) -> NDArray[np.float64]:
    """The first float of events that come `ticks` after the previous onset."""
    delta = np.asarray(ticks, np.float64)
    return delta if spec.is_physical else _scale_time(delta, spec)


def silent_event(spec: EventSpec) -> NDArray[np.float64]:
    """An event [features] at the previous onset, none of whose tones sounds."""
    event = np.zeros(spec.features)
    if spec.representation == "normalised":
        event[0] = _scale_time(np.zeros(1), spec)[0]
        columns = _tone(np.zeros(1), np.full(1, 60.0), np.zeros(1), spec)
        event[1::3], event[2::3], event[3::3] = (column[0] for column in columns)
    return event


def _on_grid(pieces: NoteColumns, spec: EventSpec) -> NoteColumns:
    """The notes at the spec's resolution and on its grid, each piece's in order of onset, pitch, length, velocity."""
    notes, grid = pieces.rescaled(spec.ticks_per_quarter), spec.grid
    if grid > 1:
        onset = np.rint(notes.onset / grid).astype(np.int64) * grid
        duration = np.maximum(np.rint(notes.duration / grid), 1).astype(np.int64) * grid
        notes = replace(notes, onset=onset, duration=duration)
    return notes if notes is pieces else notes.in_order()


def _time_floats(ticks: NDArray[np.int64], spec: EventSpec) -> NDArray[np.float64]:
    """The floats of times on the spec's grid; where the same ones come again and again, each is translated once."""
    steps = ticks // spec.grid
    different = int(steps.max(initial=0)) + 1
    if spec.is_physical or different > len(steps):
        return delta_floats(ticks, spec)
    return delta_floats(spec.grid * np.arange(different), spec)[steps]


def _tone(
    length: NDArray[Any], pitch: NDArray[Any], velocity: NDArray[Any], spec: EventSpec
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The three floats of tones, from ticks, semitones and MIDI velocity."""
    if spec.is_physical:
        return length, _HERTZ[pitch.astype(np.int64)], velocity / _loudest(spec)
    middle = (len(spec.pitch_rungs) - 1) / 2
    place = (spec.pitches.encode(pitch) - middle) / middle
    return _scale_time(length, spec), place, (velocity - _VELOCITY_CENTRE) / _VELOCITY_CENTRE


def _untone(
    length: NDArray[Any], pitch: NDArray[Any], velocity: NDArray[Any], spec: EventSpec
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Ticks, semitones and MIDI velocity of tones; the inverse of `_tone`, total over finite floats."""
    if spec.is_physical:
        ticks, speed = length, velocity * _loudest(spec)
        hertz = np.maximum(pitch, np.finfo(np.float64).tiny)
        semitones = np.rint(_CONCERT_PITCH + 12 * np.log2(hertz / _CONCERT_HERTZ))
    else:
        middle = (len(spec.pitch_rungs) - 1) / 2
        ticks, speed = _unscale_time(length, spec), velocity * _VELOCITY_CENTRE + _VELOCITY_CENTRE
        semitones = spec.pitches.decode(_bounded(pitch) * middle + middle)
    loudness = np.rint(np.clip(speed, 0, MAX_VELOCITY)).astype(np.int64)
    return _whole_ticks(ticks, spec.grid), _fold(semitones.astype(np.int64), spec), loudness


def _loudest(spec: EventSpec) -> float:
    """Return the MIDI velocity that the physical representations state as 1."""
    return MAX_VELOCITY if spec.representation == "thesis" else 1.0


def _scale_time(ticks: NDArray[Any], spec: EventSpec) -> NDArray[np.float64]:
    middle = (len(spec.time_rungs) - 1) / 2
    return (spec.times.encode(ticks) - middle) / middle


def _unscale_time(scaled: NDArray[Any], spec: EventSpec) -> NDArray[np.float64]:
    middle = (len(spec.time_rungs) - 1) / 2
    return spec.times.decode(_bounded(scaled) * middle + middle)


def _bounded(scaled: NDArray[Any]) -> NDArray[np.float64]:
    """Far beyond all music, yet small enough that no later step overflows."""
    return np.asarray(np.clip(scaled, -1e6, 1e6), np.float64)


def _whole_ticks(ticks: NDArray[Any], grid: int) -> NDArray[np.int64]:
    return np.asarray(np.rint(np.clip(ticks, 0, MAX_TICKS) / grid) * grid, np.int64)


def _fold(semitones: NDArray[np.int64], spec: EventSpec) -> NDArray[np.int64]:
    """Pitches moved by octaves into the spec's range, to its nearer end."""
    below = np.maximum(spec.pitch_low - semitones, 0)
    above = np.maximum(semitones - spec.pitch_high, 0)
    return np.asarray(semitones + 12 * (-(-below // 12)) - 12 * (-(-above // 12)), np.int64)
