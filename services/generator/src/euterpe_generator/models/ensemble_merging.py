"""Composed notes in the piece that they continue, accompany or change: everything else stays as its file has it."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from euterpe_music.controls import SUSTAIN, ControlArray, make_controls, pedal_spans
from euterpe_music.meter import Meter, MeterChange
from euterpe_music.note_events.exact_values import exact_lengths, exact_velocities
from euterpe_music.note_events.spec import BAR, END, METER_TICKS, METERS, TEMPI, TICKS_PER_QUARTER
from euterpe_music.parameters import Value
from euterpe_music.piece import NoteArray, Piece, Tempo, Track, make_notes
from numpy.typing import NDArray

from euterpe_generator.engine.ensemble.composed import composed_events
from euterpe_generator.engine.ensemble.plan import EnsemblePlan
from euterpe_generator.engine.request import Array
from euterpe_generator.models.ensemble_pieces import tracks
from euterpe_generator.models.ensemble_prompts import PromptMusic

_MAX_TICKS_PER_QUARTER: Final = 0x7FFF


@dataclass(frozen=True, eq=False)
class _Bars:
    """The ticks of the positions 0 of all bars and of the end [bars + 1], and the lines that were composed."""

    starts: NDArray[np.float64]
    lines: Mapping[int, tuple[int, int]]
    scale: float

    def tick(self, bar: Any, position: Any) -> NDArray[np.int64]:
        return np.asarray(np.rint(self.starts[bar] + np.asarray(position) * self.scale), np.int64)


def merged_piece(
    music: PromptMusic, events: Array, plan: EnsemblePlan, parameters: Mapping[str, Value], prompt_bars: int
) -> Piece:
    """Return the prompt's piece with what was composed so far.

    While it is composed, kept notes after the latest event are left out, so that notes appear in the order of time.
    """
    ticks = math.lcm(music.piece.ticks_per_quarter, TICKS_PER_QUARTER)
    ticks = ticks if ticks <= _MAX_TICKS_PER_QUARTER else music.piece.ticks_per_quarter
    piece = music.piece.rescaled(ticks)
    notes, lines = composed_events(events, plan.transposition)
    bars = _bars(music, plan, lines, ticks / TICKS_PER_QUARTER, prompt_bars)
    kept = piece.notes[~music.is_replaced]
    if (latest := _latest_tick(events, plan, bars)) is not None:
        kept = kept[kept["onset"] <= latest]
    all_tracks, track_of = _tracks(music, piece, notes["part"], plan)
    onset = bars.tick(notes["bar"], notes["position"])
    # A pickup bar has no ticks for the positions before the pickup.
    notes, onset = notes[onset >= 0], onset[onset >= 0]
    end = np.minimum(onset + np.rint(exact_lengths(notes) * bars.scale), np.rint(bars.starts[-1]))
    made = make_notes(
        onset, np.maximum(end - onset, 1), notes["pitch"], exact_velocities(notes),
        [track_of[part] for part in notes["part"].tolist()],
    )  # fmt: skip
    boundary = bars.tick(prompt_bars, 0) if music.material.use == "continue" else None
    return Piece(
        ticks, np.concatenate([kept, _fitted(made, kept)]), all_tracks,
        tempos=_tempos(piece, bars, boundary, parameters), meters=_meters(piece, bars, boundary), keys=piece.keys,
        controls=piece.controls if boundary is None else _ended_controls(piece.controls, int(boundary)),
    )  # fmt: skip


def _bars(
    music: PromptMusic, plan: EnsemblePlan, composed: Mapping[int, tuple[int, int]], scale: float, prompt_bars: int
) -> _Bars:
    starts = ((music.grid.starts - music.grid.offsets) * scale).tolist()
    starts.append(starts[-1] + float(METER_TICKS[music.grid.meters[-1]]) * scale)
    if music.material.use != "continue":
        return _Bars(np.array(starts), {}, scale)
    lines = {bar: line for bar, line in composed.items() if bar > prompt_bars}
    lines[prompt_bars] = (plan.blocks[prompt_bars].meter, plan.blocks[prompt_bars].tempo)
    # Empty bars at the prompt's end are not part of its grid.
    for bar in range(len(starts) - 1, max(lines) + 1):
        meter = lines[bar][0] if bar in lines else int(music.grid.meters[-1])
        starts.append(starts[-1] + float(METER_TICKS[meter]) * scale)
    return _Bars(np.array(starts), lines, scale)


def _latest_tick(events: Array, plan: EnsemblePlan, bars: _Bars) -> int | None:
    """Return the tick of the latest event; None for a complete piece."""
    known = events[~np.isnan(events[:, 0])]
    if not len(known):
        return int(bars.tick(min(block for block, each in plan.blocks.items() if each.is_open), 0))
    bar, slot = int(known[-1, 0]), int(known[-1, 1])
    if slot == END or bar >= plan.stop_bar:
        return None
    return int(bars.tick(bar, 0 if slot == BAR else slot))


def _tracks(
    music: PromptMusic, piece: Piece, composed: NDArray[Any], plan: EnsemblePlan
) -> tuple[tuple[Track, ...], dict[int, int]]:
    """Return all tracks, and the track of each composed part: that of the prompt, unless it is only accompanied."""
    own: dict[int, int] = {}
    if music.material.use != "accompany":
        chosen = music.replaced_tracks if music.material.use == "replace" else sorted(music.parts)
        for number in chosen:
            own.setdefault(music.parts[number], number)
    new = np.array(sorted(set(composed.tolist()) - set(own)), np.int64)
    added = tracks(new, (*(plan.rules.parts or ()), *music.parts.values()))[: len(new)]
    first = len(piece.tracks)
    return (*piece.tracks, *added), own | {part: first + number for number, part in enumerate(new.tolist())}


def _ended_controls(controls: ControlArray, boundary: int) -> ControlArray:
    """Return the controllers before a tick, and lift pedals that would stay down."""
    kept = controls[controls["tick"] < boundary]
    lifted = [
        (boundary, track, SUSTAIN, 0)
        for track in np.unique(kept["track"]).tolist()
        if (pedal_spans(kept, track)[-1:, 1] == -1).any()
    ]
    return np.concatenate([kept, make_controls(lifted)])


def _fitted(made: NoteArray, kept: NoteArray) -> NoteArray:
    """Return composed notes without those that would cut kept notes of the same track and pitch short."""
    sounding: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for onset, duration, pitch, track in _rows(kept):
        sounding.setdefault((track, pitch), []).append((onset, onset + duration))
    fits = np.ones(len(made), np.bool_)
    for number, (onset, duration, pitch, track) in enumerate(_rows(made)):
        for begin, stop in sounding.get((track, pitch), ()):
            if begin <= onset < stop:
                fits[number] = False
            elif onset < begin < onset + duration:
                made["duration"][number] = min(int(made["duration"][number]), begin - onset)
    return made[fits]


def _rows(notes: NoteArray) -> "Iterator[tuple[int, int, int, int]]":
    return zip(*(notes[name].tolist() for name in ("onset", "duration", "pitch", "track")), strict=True)


def _tempos(
    piece: Piece, bars: _Bars, boundary: NDArray[np.int64] | None, parameters: Mapping[str, Value]
) -> tuple[Tempo, ...]:
    if boundary is None:
        return piece.tempos
    if "tempo" in parameters:
        wanted = {min(bars.lines): float(parameters["tempo"])}
    else:
        wanted = {bar: round(float(TEMPI[tempo]), 1) for bar, (_, tempo) in _changed(bars.lines, 1)}
        # The first composed bar goes on in the prompt's tempo.
        wanted.pop(min(bars.lines))
    kept = [one for one in piece.tempos if one.tick < boundary]
    if kept and wanted.get(min(bars.lines)) == round(kept[-1].bpm, 2):
        wanted.pop(min(bars.lines))
    return (*kept, *(Tempo(int(bars.tick(bar, 0)), bpm) for bar, bpm in wanted.items()))


def _meters(piece: Piece, bars: _Bars, boundary: NDArray[np.int64] | None) -> tuple[MeterChange, ...]:
    if boundary is None:
        return piece.meters
    kept = [one for one in piece.meters if one.tick < boundary]
    for bar, (meter, _) in _changed(bars.lines, 0):
        change = MeterChange(int(bars.tick(bar, 0)), Meter(*METERS[meter]))
        if not kept or kept[-1].meter != change.meter:
            kept.append(change)
    return tuple(kept)


def _changed(lines: Mapping[int, tuple[int, int]], column: int) -> list[tuple[int, tuple[int, int]]]:
    """Return the lines at which a column differs from the one before; the first is one."""
    ordered = sorted(lines.items())
    previous: list[int | None] = [None, *(line[column] for _, line in ordered)]
    return [item for item, before in zip(ordered, previous, strict=False) if item[1][column] != before]
