"""Scores in memory: parts with staves, and in each bar the written values of every voice."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from euterpe_music.default_titles import Language
from euterpe_music.piece import Piece, Track
from numpy.typing import NDArray

from euterpe_converter.rendering.score.bars import QUARTER, Bar, score_bars
from euterpe_converter.rendering.score.errors import NotNotatable
from euterpe_converter.rendering.score.instruments import SPLIT, Clef, clefs_of, part_name
from euterpe_converter.rendering.score.quantize import quantized
from euterpe_converter.rendering.score.values import Value, divided
from euterpe_converter.rendering.score.voices import Chord, Note, as_drums, chords_of, in_free_time, voices_of

#: Limits of a score: bars of all staves, which rests fill also without a note, and notes.
MAX_STAFF_BARS: Final = 60_000
MAX_NOTES: Final = 60_000


@dataclass(frozen=True, slots=True)
class Element:
    """A written value of a voice: a chord, or a rest without pitches. Ties connect it with its neighbours."""

    value: Value
    pitches: tuple[int, ...] = ()
    velocity: int = 0
    tie_from_before: bool = False
    tie_to_next: bool = False


@dataclass(frozen=True, slots=True)
class Staff:
    """A staff: its clef, and for each bar the elements of its voices."""

    clef: Clef
    bars: list[list[list[Element]]]


@dataclass(frozen=True, slots=True)
class Part:
    """A track as it is written."""

    name: str
    track: Track
    staves: tuple[Staff, ...]
    drums: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TempoMark:
    """A tempo in quarters per minute from a position in a bar on."""

    position: int
    bpm: float


@dataclass(frozen=True, slots=True)
class Score:
    """A piece as it is written. `tempos` are those that begin in each bar."""

    title: str
    composer: str
    bars: list[Bar]
    tempos: list[list[TempoMark]]
    parts: list[Part]


def score_of(piece: Piece, *, title: str = "", composer: str = "", language: Language = "en") -> Score:
    """Lay out a piece as a score, with the names of its parts in a language.

    Raises NotNotatable for pieces without notes and beyond the limits.
    """
    if not len(piece.notes):
        raise NotNotatable("the piece has no notes")
    if len(piece.notes) > MAX_NOTES:
        raise NotNotatable(f"a score may have at most {MAX_NOTES} notes; the piece has {len(piece.notes)}")
    used = sorted(set(piece.notes["track"].tolist()))
    count = len(piece.bar_starts)
    if count * len(used) > MAX_STAFF_BARS:
        words = f"{MAX_STAFF_BARS} bars of all tracks; the piece has {count} bars and {len(used)} tracks"
        raise NotNotatable(f"a score may have at most {words}")
    bars, ticks = score_bars(piece)
    written, free = quantized(piece, bars, ticks)
    parts = [_part(written, number, bars, language, is_free=number in free) for number in used]
    return Score(title, composer, bars, _tempos(piece, bars, ticks), parts)


def _part(piece: Piece, number: int, bars: list[Bar], language: Language, *, is_free: bool) -> Part:
    track = piece.tracks[number]
    notes = piece.notes[piece.notes["track"] == number]
    columns = (notes["onset"], notes["onset"] + notes["duration"], notes["pitch"], notes["velocity"])
    rows: list[Note] = list(zip(*(column.tolist() for column in columns), strict=True))
    clefs = clefs_of(track, notes["pitch"])
    if track.is_drum:
        rows = as_drums(rows, QUARTER)
    elif is_free:
        rows = in_free_time(rows, QUARTER // 4)
    rows_of = [rows]
    if len(clefs) > 1:
        rows_of = [[row for row in rows if row[2] >= SPLIT], [row for row in rows if row[2] < SPLIT]]
    staves = tuple(Staff(clef, _staff_bars(own, bars)) for clef, own in zip(clefs, rows_of, strict=True))
    drums = tuple(sorted(set(notes["pitch"].tolist()))) if track.is_drum else ()
    return Part(part_name(track, language), track, staves, drums)


def _staff_bars(rows: list[Note], bars: list[Bar]) -> list[list[list[Element]]]:
    voices = voices_of(chords_of(rows))
    found: list[list[list[Element]]] = [[] for _ in bars]
    starts = np.array([bar.start for bar in bars])
    for number, voice in enumerate(voices):
        for at, chords in _by_bar(voice, bars, starts):
            # A voice that rests for a whole bar is not written, except for the first.
            found[at] += [[] for _ in range(number - len(found[at]))]
            found[at].append(_elements(chords, bars[at]))
    return found


def _by_bar(voice: list[Chord], bars: list[Bar], starts: NDArray[Any]) -> Iterator[tuple[int, list[Chord]]]:
    chords_in: dict[int, list[Chord]] = {}
    for chord in voice:
        at = int(np.searchsorted(starts, chord.start, side="right")) - 1
        while at < len(bars) and bars[at].start < chord.end:
            chords_in.setdefault(at, []).append(chord)
            at += 1
    yield from sorted(chords_in.items())


def _elements(chords: list[Chord], bar: Bar) -> list[Element]:
    """Return the elements of one voice in one bar, rests between the chords included."""
    spans = [(max(chord.start - bar.start, 0), min(chord.end - bar.start, bar.length), chord) for chord in chords]
    edges = {edge for first, last, _ in spans for edge in (first, last)}
    triplets = frozenset(edge // QUARTER for edge in edges if edge % 3) if bar.has_triplets else frozenset()
    elements: list[Element] = []
    position = 0
    for first, last, chord in spans:
        if first > position:
            elements += [Element(value) for value in divided(position, first, bar, triplets)]
        values = divided(first, last, bar, triplets)
        pitches = tuple(sorted(chord.pitches))
        for number, value in enumerate(values):
            before = number > 0 or chord.start < bar.start
            after = number + 1 < len(values) or chord.end > bar.end
            elements.append(Element(value, pitches, chord.velocity, before, after))
        position = last
    if position < bar.length:
        elements += [Element(value) for value in divided(position, bar.length, bar, triplets)]
    return elements


def _tempos(piece: Piece, bars: list[Bar], ticks: NDArray[Any]) -> list[list[TempoMark]]:
    """Return the tempos that begin in each bar, at most one in each quarter."""
    found: list[dict[int, TempoMark]] = [{} for _ in bars]
    for tempo in piece.tempos:
        at = max(int(np.searchsorted(ticks, tempo.tick, side="right")) - 1, 0)
        position = (tempo.tick - int(ticks[at])) * QUARTER / piece.ticks_per_quarter
        quarter = round(position / QUARTER) * QUARTER
        if quarter < bars[at].length:
            found[at][quarter] = TempoMark(quarter, tempo.bpm)
        elif at + 1 < len(bars):
            found[at + 1].setdefault(0, TempoMark(0, tempo.bpm))
    return [list(marks.values()) for marks in found]
