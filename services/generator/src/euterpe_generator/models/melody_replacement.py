"""Bars of a melody that are replaced: reading what is around them, and writing the composed ones into the piece."""

import base64
import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from euterpe_music.midi import MidiError, read_midi
from euterpe_music.piece import NoteArray, Piece, make_notes
from euterpe_music.tokens import PartsError, QuantizedTrack, quantize, split_parts
from euterpe_music.tokens.quantized_track import FINE

from euterpe_generator.domain.prompt import Material, Prompt, Rows
from euterpe_generator.domain.requests import PromptSource
from euterpe_generator.errors import InvalidParameters
from euterpe_generator.models.prompts import LIMITS, equal_bars, stated_key, white_shift

#: How many candidates are compared.
REPLACEMENT_CANDIDATES: Final = 8
#: How many of the bars after the replaced ones are compared: the influence of a bar on later ones is small.
_BARS_AFTER: Final = 4
#: Sections of tunes begin after a multiple of so many bars.
_SECTION_BARS: Final = 8
_MAX_TICKS_PER_QUARTER: Final = 0x7FFF


@dataclass(frozen=True, slots=True)
class _Tune:
    """A piece and the notes of its melody."""

    piece: Piece
    melody: NoteArray

    def rows(self, first: int, stop: int) -> Rows:
        """Return the notes and rests from bar `first` (from 0) to before bar `stop`; nothing if there are no notes."""
        ticks = self.piece.ticks_per_quarter
        early = ticks // FINE // 2
        start, end = (int(self.piece.bar_starts[bar]) for bar in (first, stop))
        onsets = self.melody["onset"] + early
        kept = self.melody[(onsets >= start) & (onsets < end)].copy()
        if not len(kept):
            return ()
        ends = np.minimum(kept["onset"] + kept["duration"], end) - start
        kept["onset"] = np.maximum(kept["onset"] - start, 0)
        kept["duration"] = np.maximum(ends - kept["onset"], 1)
        steps = round((end - start) * FINE / ticks)
        return tuple(quantize(kept, ticks, FINE, steps)[0].window(0, steps).with_rests())


def read_replacement(
    midi: bytes, source: PromptSource, *, key: str | None, bars_before: int, max_bars: int, white_keys: bool
) -> Prompt:
    """Read the bars around those to replace. Raises InvalidParameters for a file, bars or tracks that cannot be used.

    At most `bars_before` bars before them are used, and `max_bars` in all. `key` replaces the one that the file states.
    """
    try:
        piece = read_midi(midi, LIMITS)
        tune = _Tune(piece, _melody(piece, source.tracks))
    except (MidiError, PartsError) as error:
        raise InvalidParameters.for_field("body.prompt", str(error)) from error
    first, last = _replaced_bars(piece, source, max_bars)
    meter, equal = equal_bars(piece, first - 1, last - first + 1 + _BARS_AFTER)
    if equal < last - first + 1:
        message = f"must be in one meter: bar {first + equal} has another one than bar {first}"
        raise InvalidParameters.for_field("body.prompt.last_bar", message, minimum=first, maximum=first + equal - 1)
    begin = _first_used(piece, first, min(bars_before, max_bars - (last - first + 1)))
    before = tune.rows(begin, first - 1)
    used = first - 1 - begin if before else 0
    stop = min(first - 1 + equal, last + max_bars - used - (last - first + 1))
    stated = stated_key(piece, tune.melody, int(piece.bar_starts[first - 1]), key)
    tracks = tuple(dict.fromkeys(tune.melody["track"].tolist()))
    return Prompt(
        rows=before,
        bars=used,
        meter=str(meter),
        shift=white_shift(tune.melody, stated) if white_keys else 0,
        key=None if stated is None else str(stated),
        material=Material(
            base64.b64encode(midi).decode(), "replace", first, last,
            tuple(track + 1 for track in tracks) if source.tracks else (), len(piece.notes),
        ),
        after=tune.rows(last, stop) if stop > last else (),
    )  # fmt: skip


def with_replaced_bars(prompt: Prompt, composed: QuantizedTrack | None) -> Piece:
    """Return the piece of the prompt with composed bars in place of the replaced ones.

    `composed` holds the bars before and the composed ones, or what exists of them.
    """
    material = prompt.material
    assert material is not None
    piece = read_midi(base64.b64decode(material.midi), LIMITS)
    melody = _melody(piece, material.tracks)
    ticks = math.lcm(piece.ticks_per_quarter, FINE)
    lines = piece.bar_starts[[material.first_bar - 1, material.last_bar]]
    start, stop = (int(line) for line in lines)
    inside = melody[(melody["onset"] >= start) & (melody["onset"] < stop)]
    kept = piece.notes[~np.isin(_identity(piece.notes), _identity(inside))]
    source = inside if len(inside) else melody
    ratio = ticks / piece.ticks_per_quarter if ticks <= _MAX_TICKS_PER_QUARTER else 1.0
    piece = piece.with_notes(kept)
    if ratio != 1:
        piece = piece.rescaled(ticks)
    track = int(np.bincount(source["track"]).argmax())
    velocity = round(float(np.median(source["velocity"])))
    notes = _composed_notes(prompt, composed, piece, round(start * ratio), round(stop * ratio), velocity, track)
    return piece.with_notes(np.concatenate([piece.notes, notes]))


def _composed_notes(
    prompt: Prompt, composed: QuantizedTrack | None, piece: Piece, start: int, stop: int, velocity: int, track: int
) -> NoteArray:
    rows: list[tuple[int, int, int]] = []
    if composed is not None:
        per_step = piece.ticks_per_quarter / composed.steps_per_quarter
        begin = sum(length for length, _ in prompt.rows) * composed.steps_per_quarter // FINE
        for onset, length, pitches in zip(composed.onsets, composed.lengths, composed.pitches, strict=True):
            at = start + round((onset - begin) * per_step)
            if start <= at < stop:
                end = min(at + round(length * per_step), stop)
                rows += [(at, max(end - at, 1), min(max(pitch - prompt.shift, 0), 127)) for pitch in pitches]
    onsets, durations, pitches_of = (np.array([row[column] for row in rows], np.int64) for column in range(3))
    size = len(rows)
    return make_notes(onsets, durations, pitches_of, np.full(size, velocity), np.full(size, track))


def _melody(piece: Piece, tracks: tuple[int, ...]) -> NoteArray:
    if not tracks:
        return split_parts(piece).melody
    known = [n + 1 for n in np.unique(piece.notes["track"]).tolist() if not piece.tracks[n].is_drum]
    if len(set(tracks)) > 1 or tracks[0] not in known:
        message = f"must be one of {', '.join(map(str, known))}: this model composes one track at a time"
        raise InvalidParameters.for_field("body.prompt.tracks", message, tracks=known)
    notes: NoteArray = piece.notes[piece.notes["track"] == tracks[0] - 1]
    return notes


def _replaced_bars(piece: Piece, source: PromptSource, max_bars: int) -> tuple[int, int]:
    bars = len(piece.bar_starts) - 1
    if source.first_bar is None:
        raise InvalidParameters.for_field("body.prompt.first_bar", "is needed: it is the first bar to replace")
    first, last = source.first_bar, source.last_bar or source.first_bar
    if first > bars:
        message = f"must be between 1 and {bars}, the last bar of the prompt, got {first}"
        raise InvalidParameters.for_field("body.prompt.first_bar", message, minimum=1, maximum=bars)
    highest = min(bars, first + max_bars - 1)
    if not first <= last <= highest:
        message = f"must be between {first} and {highest}, got {last}"
        raise InvalidParameters.for_field("body.prompt.last_bar", message, minimum=first, maximum=highest)
    return first, last


def _first_used(piece: Piece, first: int, at_most: int) -> int:
    """Return the first bar, from 0, that precedes the replaced ones in their meter; if possible that of a section."""
    meter, _ = equal_bars(piece, first - 1, 1)
    begin = first - 1
    while begin > 0 and first - begin <= at_most and equal_bars(piece, begin - 1, 1)[0] == meter:
        begin -= 1
    aligned = math.ceil(begin / _SECTION_BARS) * _SECTION_BARS
    return aligned if aligned < first - 1 else begin


def _identity(notes: NoteArray) -> Any:
    return (notes["track"].astype(np.int64) << 40) | (notes["onset"] << 7) | notes["pitch"]
