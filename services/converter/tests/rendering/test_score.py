"""Notation: spelling, note values, quantization, and scores of odd files."""

import numpy as np
import pytest
from euterpe_converter.domain.score import ScoreFormat, ScoreOptions
from euterpe_converter.rendering.score.bars import Bar
from euterpe_converter.rendering.score.errors import NotNotatable
from euterpe_converter.rendering.score.layout import score_of
from euterpe_converter.rendering.score.spelling import spelled
from euterpe_converter.rendering.score.values import divided
from euterpe_converter.rendering.score.writing import ScoreWriter
from euterpe_music.key_signature import KeySignature
from euterpe_music.meter import Meter
from euterpe_music.midi import MidiError, MidiLimits, Piece
from euterpe_music.piece import make_notes
from euterpe_test_kit.cases import midi_cases

_NAMES = {-1: "b", 0: "", 1: "#", 2: "##"}


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("C major", "C C# D Eb E F F# G G# A Bb B"),
        ("A minor", "C C# D D# E F F# G G# A Bb B"),
        ("D minor", "C C# D Eb E F F# G G# A Bb B"),
        ("E major", "B# C# D D# E E# F# G G# A A# B"),
        ("F minor", "C Db D Eb E F Gb G Ab A Bb B"),
    ],
)
def test_pitches_are_spelled_by_the_key(key, names):
    spellings = [spelled(60 + number, KeySignature.parse(key)) for number in range(12)]
    assert " ".join(each.step + _NAMES[each.alter] for each in spellings) == names
    # B sharp is written an octave lower than it sounds.
    assert [each.octave for each in spellings][:1] == [3 if names.startswith("B#") else 4]


@pytest.mark.parametrize(
    ("meter", "span", "values"),
    [
        ("4/4", (0, 192), ["whole"]),
        ("4/4", (24, 72), ["quarter"]),
        ("4/4", (24, 120), ["quarter.", "eighth"]),
        ("4/4", (48, 192), ["half."]),
        ("4/4", (36, 72), ["16th", "eighth"]),
        ("6/8", (0, 144), ["half."]),
        ("6/8", (24, 96), ["quarter", "eighth"]),
        ("3/4", (0, 120), ["half", "eighth"]),
        ("5/8", (0, 120), ["quarter.", "quarter"]),
    ],
)
def test_durations_are_divided_at_the_beats_of_the_meter(meter, span, values):
    given = Meter.parse(meter)
    bar = Bar(0, given.beats * 192 // given.unit, given, KeySignature(0))
    found = divided(*span, bar, frozenset())
    assert [value.name + "." * value.dots for value in found] == values
    assert [(found[0].start, found[-1].end)] == [span]


def test_notes_in_free_time_move_to_sixteenths_and_triplets():
    onsets = np.array([3, 130, 236, 371, 489, 643, 806, 955])
    score = score_of(Piece(480, make_notes(onsets, 100, 60, 80)))
    [voice] = score.parts[0].staves[0].bars[0]
    starts = [element.value.start for element in voice if element.pitches and not element.tie_from_before]
    assert starts == [0, 12, 24, 36, 48, 64, 80, 96]


def test_odd_files_become_scores_or_are_refused():
    writer, limits = ScoreWriter(), MidiLimits(max_notes=200_000, max_seconds=1200)
    written = 0
    for case in midi_cases():
        for kind in (ScoreFormat.MUSICXML, ScoreFormat.SVG):
            try:
                content, _ = writer.written(case.content, limits, ScoreOptions(kind, title="Title"))
            except (MidiError, NotNotatable):
                continue
            written += bool(content)
    assert written > 200
