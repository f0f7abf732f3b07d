"""Scores as ABC 2.1: one line of melody, with the names of the chords above it."""

from fractions import Fraction
from typing import Final

import numpy as np
from euterpe_music.chord_estimation import chord_marks
from euterpe_music.key_signature import KeySignature
from euterpe_music.piece import Piece

from euterpe_converter.rendering.score.bars import QUARTER, Bar, beat_units
from euterpe_converter.rendering.score.errors import NotNotatable
from euterpe_converter.rendering.score.layout import Element, Score, score_of
from euterpe_converter.rendering.score.spelling import signature, spelled

_UNIT: Final = QUARTER // 2
_BARS_PER_LINE: Final = 4
_ACCIDENTALS: Final = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}


def abc(piece: Piece, *, title: str = "", composer: str = "") -> bytes:
    """Write the melody of a piece as ABC: of the tracks with one note at a time, the highest.

    Raises NotNotatable where no track has one note at a time.
    """
    number = _melody(piece)
    notes = piece.notes[piece.notes["track"] == number].copy()
    # The last bar line may follow from another track.
    score = score_of(piece.with_notes(notes), title=title, composer=composer)
    marks = _chord_names(piece) if len(set(piece.notes["track"].tolist())) > 1 else {}
    return _text(score, marks).encode()


def _melody(piece: Piece) -> int:
    found: list[tuple[float, int]] = []
    for number, track in enumerate(piece.tracks):
        notes = piece.notes[piece.notes["track"] == number]
        ends = notes["onset"] + notes["duration"]
        # Legato notes may overlap a little.
        overlap = ends[:-1] - notes["onset"][1:]
        if len(notes) and not track.is_drum and (overlap <= piece.ticks_per_quarter // 8).all():
            found.append((float(np.median(notes["pitch"])), number))
    if not found:
        raise NotNotatable("ABC holds a single melody, but no track of the piece has one note at a time")
    return max(found)[1]


def _chord_names(piece: Piece) -> dict[int, list[tuple[int, str]]]:
    """Return the chords of each bar: position in units, and symbol."""
    starts = piece.bar_starts
    found: dict[int, list[tuple[int, str]]] = {}
    for mark in chord_marks(piece):
        bar = int(np.searchsorted(starts, mark.tick, side="right")) - 1
        position = (mark.tick - int(starts[bar])) * QUARTER // piece.ticks_per_quarter
        if mark.symbol:
            found.setdefault(bar, []).append((position, mark.symbol))
    return found


def _text(score: Score, chords: dict[int, list[tuple[int, str]]]) -> str:
    first = score.bars[0]
    lines = ["X:1", f"T:{_line(score.title) or 'Untitled'}"]
    lines += [f"C:{_line(score.composer)}"] if score.composer else []
    lines += [f"M:{first.meter}", "L:1/8"]
    if score.tempos[0]:
        beat = beat_units(first.meter)
        lines.append(f"Q:{Fraction(beat, 4 * QUARTER)}={score.tempos[0][0].bpm * QUARTER / beat:.0f}")
    lines.append(f"K:{_key(first.key)}")
    staff = score.parts[0].staves[0]
    music = []
    for at, bar in enumerate(score.bars):
        before = score.bars[at - 1] if at else first
        change = f"[M:{bar.meter}]" if bar.meter != before.meter else ""
        change += f"[K:{_key(bar.key)}]" if bar.key != before.key else ""
        voices = staff.bars[at]
        elements = voices[0] if voices else []
        music.append(change + (_bar(elements, bar, chords.get(at, [])) or f"z{_length(bar.length)}"))
    rows = [music[at : at + _BARS_PER_LINE] for at in range(0, len(music), _BARS_PER_LINE)]
    body = [" | ".join(row) + (" |]" if number == len(rows) else " |") for number, row in enumerate(rows, 1)]
    return "\n".join(lines + body) + "\n"


def _bar(elements: list[Element], bar: Bar, chords: list[tuple[int, str]]) -> str:
    force: dict[tuple[str, int], int] = {}
    in_key = signature(bar.key)
    waiting = sorted(chords)
    text = ""
    groups = set(bar.beam_groups)
    for number, element in enumerate(elements):
        value = element.value
        if value.start in groups:
            text += " "
        while waiting and waiting[0][0] <= value.start:
            symbol = waiting.pop(0)[1]
            text += f'"{symbol}"' if not (waiting and waiting[0][0] <= value.start) else ""
        if value.in_triplet and (number == 0 or elements[number - 1].value.start // QUARTER != value.start // QUARTER):
            in_beat = [one for one in elements[number:] if one.value.start // QUARTER == value.start // QUARTER]
            text += f"(3:2:{len(in_beat)}"
        units = Fraction(value.end - value.start) * (Fraction(3, 2) if value.in_triplet else 1)
        if not element.pitches:
            text += f"z{_length(units)}"
            continue
        name = spelled(element.pitches[-1], bar.key)
        is_new = not element.tie_from_before and name.alter != force.get((name.step, name.octave), in_key[name.step])
        text += _ACCIDENTALS[name.alter] if is_new else ""
        if not element.tie_from_before:
            force[name.step, name.octave] = name.alter
        text += _pitch(name.step, name.octave) + _length(units) + ("-" if element.tie_to_next else "")
    return text


def _pitch(step: str, octave: int) -> str:
    # C is middle C, c the octave above.
    return step + "," * (4 - octave) if octave < 5 else step.lower() + "'" * (octave - 5)


def _length(units: Fraction | int) -> str:
    length = Fraction(units) / _UNIT
    if length == 1:
        return ""
    return str(length.numerator) if length.denominator == 1 else f"{length.numerator}/{length.denominator}"


def _key(key: KeySignature) -> str:
    return key.tonic + ("m" if key.is_minor else "")


def _line(text: str) -> str:
    # A percent sign begins a comment.
    return "".join(character for character in text if character.isprintable()).replace("%", "\\%")
