"""Pieces as sequences of C-RNN-GAN events, and back."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from euterpe_music.piece import Piece, Tempo, Track, make_notes, sorted_notes
from euterpe_music.spec import MAX_TICKS, EventSpec, faithful_spec

__all__ = ["EventSpec", "decode", "delta_floats", "delta_ticks", "encode", "faithful_spec", "silent_event"]

Events = NDArray[np.float32]

_CONCERT_PITCH: Final = 69
_CONCERT_HERTZ: Final = 440.0
#: Of every MIDI pitch.
_HERTZ: Final = _CONCERT_HERTZ * 2.0 ** ((np.arange(128) - _CONCERT_PITCH) / 12)
#: MIDI velocity 64 is 0 in the normalised representation, 1 and 127 are about ∓1.
_VELOCITY_CENTRE: Final = 64.0


def encode(piece: Piece, spec: EventSpec) -> Events:
    """Events [events, 1 + 3·tones_per_cell] of a piece: tracks merged, tempo and programs dropped (FACTS §1).

    Notes with one onset share cells, lowest pitch first; a full cell is followed by another with a delta of 0.
    """
    notes = _on_grid(piece, spec)
    count, tones = len(notes), spec.tones_per_cell
    if not count:
        return np.zeros((0, spec.features), np.float32)
    onsets = notes["onset"]
    starts = np.flatnonzero(np.diff(onsets, prepend=-1))
    rank = np.arange(count) - np.repeat(starts, np.diff(starts, append=count))
    new_cell = rank % tones == 0
    cell = np.cumsum(new_cell) - 1
    events = np.zeros((int(cell[-1]) + 1, spec.features), np.float64)
    events[:, 1::3], events[:, 2::3], events[:, 3::3] = _tone(np.zeros(1), np.full(1, 60.0), np.zeros(1), spec)
    if spec.representation == "faithful":
        events[:, 1:] = 0
    delta = np.diff(onsets[new_cell], prepend=0).astype(np.float64)
    events[:, 0] = delta if spec.representation == "faithful" else _scale_time(delta, spec)
    slot = 1 + 3 * (rank % tones)
    length, pitch, velocity = (notes[name].astype(np.float64) for name in ("duration", "pitch", "velocity"))
    columns = _tone(length, pitch, velocity, spec)
    for offset, column in enumerate(columns):
        events[cell, slot + offset] = column
    return events.astype(np.float32)


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
    faithful = spec.representation == "faithful"
    delta = _whole_ticks(values[:, 0] if faithful else _unscale_time(values[:, 0], spec), spec.grid)
    onset = np.broadcast_to(np.cumsum(delta)[:, None], (len(values), spec.tones_per_cell))
    length, pitch, velocity = _untone(values[:, 1::3], values[:, 2::3], values[:, 3::3], spec)
    sounds = (length > 0) & (velocity > 0)
    if faithful:
        sounds &= values[:, 2::3] > 0
    notes = make_notes(onset[sounds], length[sounds], pitch[sounds], velocity[sounds])
    return Piece(spec.ticks_per_quarter, notes, (Track(),), (Tempo(0, spec.bpm),))


def delta_ticks(events: NDArray[Any], spec: EventSpec) -> NDArray[np.int64]:
    """Ticks from the previous onset to that of each of `events` [events, features], as decoding reads them."""
    values = np.asarray(events[:, 0], np.float64)
    return _whole_ticks(values if spec.representation == "faithful" else _unscale_time(values, spec), spec.grid)


def delta_floats(ticks: NDArray[Any], spec: EventSpec) -> NDArray[np.float64]:
    """The first float of events that come `ticks` after the previous onset."""
    delta = np.asarray(ticks, np.float64)
    return delta if spec.representation == "faithful" else _scale_time(delta, spec)


def silent_event(spec: EventSpec) -> NDArray[np.float64]:
    """An event [features] at the previous onset, none of whose tones sounds."""
    event = np.zeros(spec.features)
    if spec.representation == "normalised":
        event[0] = _scale_time(np.zeros(1), spec)[0]
        columns = _tone(np.zeros(1), np.full(1, 60.0), np.zeros(1), spec)
        event[1::3], event[2::3], event[3::3] = (column[0] for column in columns)
    return event


def _on_grid(piece: Piece, spec: EventSpec) -> NDArray[np.void]:
    """The notes at the spec's resolution and on its grid, in order of onset, pitch, length and velocity."""
    notes = piece.notes
    if piece.ticks_per_quarter == spec.ticks_per_quarter and spec.grid == 1:
        return notes
    ratio, grid = spec.ticks_per_quarter / piece.ticks_per_quarter, spec.grid
    notes = notes.copy()
    onset, duration = (np.rint(notes[name] * ratio) for name in ("onset", "duration"))
    if grid > 1:
        onset, duration = np.rint(onset / grid) * grid, np.maximum(np.rint(duration / grid), 1) * grid
    notes["onset"], notes["duration"] = onset, np.maximum(duration, 1)
    # Without the track in the order: encoding must not depend on what it drops.
    return sorted_notes(notes, ("onset", "pitch", "duration", "velocity"))


def _tone(
    length: NDArray[Any], pitch: NDArray[Any], velocity: NDArray[Any], spec: EventSpec
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The three floats of tones, from ticks, semitones and MIDI velocity."""
    if spec.representation == "faithful":
        return length, _HERTZ[pitch.astype(np.int64)], velocity
    middle = (len(spec.pitch_rungs) - 1) / 2
    place = (spec.pitches.encode(pitch) - middle) / middle
    return _scale_time(length, spec), place, (velocity - _VELOCITY_CENTRE) / _VELOCITY_CENTRE


def _untone(
    length: NDArray[Any], pitch: NDArray[Any], velocity: NDArray[Any], spec: EventSpec
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Ticks, semitones and MIDI velocity of tones; the inverse of `_tone`, total over finite floats."""
    if spec.representation == "faithful":
        ticks, speed = length, velocity
        hertz = np.maximum(pitch, np.finfo(np.float64).tiny)
        semitones = np.rint(_CONCERT_PITCH + 12 * np.log2(hertz / _CONCERT_HERTZ))
    else:
        middle = (len(spec.pitch_rungs) - 1) / 2
        ticks, speed = _unscale_time(length, spec), velocity * _VELOCITY_CENTRE + _VELOCITY_CENTRE
        semitones = spec.pitches.decode(_bounded(pitch) * middle + middle)
    loudness = np.rint(np.clip(speed, 0, 127)).astype(np.int64)
    return _whole_ticks(ticks, spec.grid), _fold(semitones.astype(np.int64), spec), loudness


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
