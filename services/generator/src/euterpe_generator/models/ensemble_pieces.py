"""Composed note events as a piece of music: tracks, meters, tempos and key."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from euterpe_music.ensemble_parameters import ANY
from euterpe_music.key_signature import KeyChange, KeySignature
from euterpe_music.meter import Meter, MeterChange
from euterpe_music.note_events.exact_values import exact_lengths, exact_velocities
from euterpe_music.note_events.instruments import DRUM_PART, INSTRUMENTS, PARTS, part_name, part_program
from euterpe_music.note_events.piece import NotePiece
from euterpe_music.note_events.spec import METERS, TEMPI, TICKS_PER_QUARTER
from euterpe_music.parameters import Value
from euterpe_music.piece import Piece, Tempo, Track, make_notes
from numpy.typing import NDArray

from euterpe_generator.engine.ensemble.plan import EnsemblePlan

#: Ticks of a written piece for each of the 24 positions of a quarter.
TICK_SCALE: Final = 20


def to_piece(composed: NotePiece, plan: EnsemblePlan, parameters: Mapping[str, Value]) -> Piece:
    """Return a piece with a track per part, in the order of a score. Notes end with the last bar, once it is known."""
    total_bars = plan.total_bars
    notes, starts = composed.notes, composed.bar_starts * TICK_SCALE
    onset = composed.onsets * TICK_SCALE
    duration = exact_lengths(notes) * TICK_SCALE
    if len(composed.bars) >= total_bars:
        duration = np.minimum(duration, starts[total_bars] - onset)
    parts = composed.parts
    key = str(parameters.get("key", ANY))
    return Piece(
        TICKS_PER_QUARTER * TICK_SCALE,
        make_notes(
            onset, np.maximum(duration, 1), notes["pitch"], exact_velocities(notes),
            np.searchsorted(parts, notes["part"]),
        ),
        tracks(parts, plan.rules.parts or ()),
        tempos=_tempos(composed, starts, parameters),
        meters=tuple(
            MeterChange(int(starts[bar]), Meter(*METERS[composed.bars["meter"][bar]]))
            for bar in changes(composed.bars["meter"])
        ),
        keys=() if key == ANY else (KeyChange(0, KeySignature.parse(key)),),
    )  # fmt: skip


def tracks(parts: NDArray[Any], requested: Sequence[int]) -> tuple[Track, ...]:
    """Return the tracks of parts; players are numbered where several of an instrument play or were requested."""
    instruments = [PARTS[part][0] for part in {*parts.tolist(), *requested}]
    made = []
    for part in parts.tolist():
        instrument = PARTS[part][0]
        name = part_name(part) if instruments.count(instrument) > 1 else INSTRUMENTS[instrument].name
        made.append(Track(part_program(part), bool(part == DRUM_PART), name[:1].upper() + name[1:]))
    return tuple(made) or (Track(),)


def changes(values: NDArray[Any]) -> list[int]:
    """Return the places at which a value differs from the one before; the first is one."""
    return [0, *(np.flatnonzero(values[1:] != values[:-1]) + 1).tolist()] if len(values) else []


def _tempos(composed: NotePiece, starts: NDArray[np.int64], parameters: Mapping[str, Value]) -> tuple[Tempo, ...]:
    if "tempo" in parameters:
        return (Tempo(0, float(parameters["tempo"])),)
    classes = composed.bars["tempo"]
    return tuple(Tempo(int(starts[bar]), round(float(TEMPI[classes[bar]]), 1)) for bar in changes(classes))
