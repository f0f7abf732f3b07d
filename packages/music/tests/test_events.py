from pathlib import Path

import numpy as np
import pytest
from euterpe_music.events import decode, encode, sounding_tones
from euterpe_music.midi import MidiError, Piece, Track, read_recording, write_midi
from euterpe_music.piece import NOTE_DTYPE, make_notes
from euterpe_music.spec import MAX_TICKS, EventSpec, faithful_spec, thesis_spec
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

COLUMNS = ["onset", "duration", "pitch", "velocity"]
SPECS = [
    *(EventSpec(tones_per_cell=tones) for tones in (1, 2, 3, 4)),
    *(faithful_spec(tones) for tones in (1, 2, 3, 4)),
    *(thesis_spec(tones) for tones in (1, 3)),
]
spec_names = [f"{spec.representation}-{spec.tones_per_cell}" for spec in SPECS]

# Deltas and lengths reach what the corpus holds: its longest are 72,550 and 129,533 ticks of 384 per quarter.
ticks = st.one_of(st.integers(0, 400), st.integers(0, 130_000))


@st.composite
def pieces(draw: st.DrawFn) -> Piece:
    deltas = draw(st.lists(ticks, min_size=1, max_size=30))
    count = len(deltas)
    lengths = draw(st.lists(ticks.map(lambda length: length + 1), min_size=count, max_size=count))
    pitches = draw(st.lists(st.integers(0, 127), min_size=count, max_size=count))
    velocities = draw(st.lists(st.integers(1, 127), min_size=count, max_size=count))
    tracks = draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
    return Piece(384, make_notes(np.cumsum(deltas), lengths, pitches, velocities, tracks), (Track(),) * 3)


def in_order(piece: Piece) -> list[tuple[int, ...]]:
    return sorted(piece.notes[COLUMNS].tolist())


@pytest.mark.parametrize("spec", SPECS, ids=spec_names)
@settings(max_examples=60, deadline=None)
@given(piece=pieces())
def test_decoding_gives_back_the_notes(spec: EventSpec, piece: Piece) -> None:
    events = encode(piece, spec)
    assert events.dtype == np.float32
    assert events.shape[1] == spec.features
    assert in_order(decode(events, spec)) == in_order(piece)


def test_every_pitch_velocity_and_common_length_survives() -> None:
    pitch, velocity = (axis.ravel() for axis in np.meshgrid(np.arange(128), np.arange(1, 128)))
    piece = Piece(384, make_notes(np.arange(len(pitch)), np.arange(1, len(pitch) + 1), pitch, velocity))
    for spec in SPECS:
        assert in_order(decode(encode(piece, spec), spec)) == in_order(piece)


def test_a_grid_rounds_onsets_and_lengths_and_nothing_else() -> None:
    spec = EventSpec(grid=32)
    piece = Piece(384, make_notes([0, 15, 17, 100], [5, 97, 47, 49], [60, 61, 62, 63], [1, 2, 3, 4]))
    assert decode(encode(piece, spec), spec).notes[COLUMNS].tolist() == [
        (0, 32, 60, 1),
        (0, 96, 61, 2),
        (32, 32, 62, 3),
        (96, 64, 63, 4),
    ]


def test_the_faithful_numbers_are_the_references() -> None:
    piece = Piece(96, make_notes([24, 24, 48], [12, 24, 96], [69, 57, 60], [100, 50, 25]))
    events = encode(piece, faithful_spec(1))
    expected = [[96, 96, 220, 50], [0, 48, 440, 100], [96, 384, 261.6256, 25]]
    assert np.allclose(events, expected, rtol=1e-6)
    assert np.allclose(encode(piece, faithful_spec(2))[0], [96, 96, 220, 50, 48, 440, 100], rtol=1e-6)
    assert encode(piece, faithful_spec(2))[1, 4:].tolist() == [0, 0, 0]


def test_the_thesis_scales_velocities_only() -> None:
    piece = Piece(96, make_notes([24, 24, 48], [12, 24, 96], [69, 57, 60], [127, 50, 1]))
    events, reference = encode(piece, thesis_spec(2)), encode(piece, faithful_spec(2))
    velocities = np.zeros(7, bool)
    velocities[3::3] = True
    assert np.allclose(events[:, velocities], reference[:, velocities] / 127)
    assert np.array_equal(events[:, ~velocities], reference[:, ~velocities])
    assert (
        decode(events, thesis_spec(2)).notes[COLUMNS].tolist()
        == decode(reference, faithful_spec(2)).notes[COLUMNS].tolist()
    )


@pytest.mark.parametrize("spec", SPECS, ids=spec_names)
def test_sounding_tones_are_those_that_decoding_makes_notes_of(spec: EventSpec) -> None:
    random = np.random.default_rng(0)
    events = random.normal(0, 2, (40, 3, spec.features)) * random.choice([0, 1], (40, 3, spec.features))
    found = sounding_tones(events, spec)
    assert 0 < found.sum() < found.size
    for song in range(3):
        assert found[:, song].sum() == len(decode(events[:, song], spec).notes)


def test_the_normalised_numbers_of_ordinary_music_are_about_one() -> None:
    for length, pitch, velocity in ((32, 21, 1), (6144, 108, 127)):
        piece = Piece(384, make_notes([0], length, pitch, velocity))
        assert np.abs(encode(piece, EventSpec())).max() <= 1.0


def test_a_little_off_still_decodes_to_the_rung() -> None:
    spec = EventSpec()
    white = Piece(384, make_notes([0, 0, 96, 288], [96, 192, 384, 48], [60, 64, 67, 71], 64))
    events = encode(white, spec)
    for shift in (-0.3, 0.3):
        moved = events.copy()
        moved[:, 0] += shift * 2 / (len(spec.time_rungs) - 1)
        moved[:, 1] += shift * 2 / (len(spec.time_rungs) - 1)
        moved[:, 2] += shift * 2 / (len(spec.pitch_rungs) - 1)
        assert decode(moved, spec).notes.tolist() == white.notes.tolist()


@pytest.mark.parametrize("spec", [*SPECS, EventSpec(grid=32, pitch_low=48, pitch_high=60)], ids=[*spec_names, "narrow"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_finite_array_is_a_piece_that_can_be_written(spec: EventSpec, data: st.DataObject) -> None:
    floats = st.one_of(st.floats(-3, 3, width=32), st.floats(allow_nan=False, allow_infinity=False, width=32))
    shape = st.tuples(st.integers(0, 12), st.just(spec.features))
    events = data.draw(hnp.arrays(np.float32, shape, elements=floats))
    piece = decode(events, spec)
    if len(piece.notes):
        assert spec.pitch_low <= piece.notes["pitch"].min() <= piece.notes["pitch"].max() <= spec.pitch_high
        assert piece.notes["duration"].max() <= MAX_TICKS
        assert (piece.notes[["onset", "duration"]].tolist()) == [
            (round(onset / spec.grid) * spec.grid, round(duration / spec.grid) * spec.grid)
            for onset, duration in piece.notes[["onset", "duration"]].tolist()
        ]
    assert write_midi(piece)[:4] == b"MThd"


@pytest.mark.parametrize(("value", "note"), [(880.0 * 2**6, 117), (440.0 / 2**8, 9)])
def test_pitches_fold_by_octaves(value: float, note: int) -> None:
    assert decode(np.array([[0, 96, value, 64]]), faithful_spec()).notes["pitch"].tolist() == [note]


def test_tones_without_length_pitch_or_loudness_are_no_notes() -> None:
    events = np.array([[10, 0, 440, 64], [10, 96, 0, 64], [10, 96, 440, 0], [10, -5, -5, -5], [-99, 96, 440, 64]])
    assert decode(events, faithful_spec()).notes[COLUMNS].tolist() == [(40, 96, 69, 64)]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="not finite"):
        decode(np.array([[0, 0, 0, bad]]), EventSpec())


def test_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\[events, 4\]"):
        decode(np.zeros((5, 7)), EventSpec())


def test_no_notes_are_no_events() -> None:
    empty = Piece(384, np.empty(0, NOTE_DTYPE))
    assert encode(empty, EventSpec()).shape == (0, 4)


def test_the_corpus_survives_and_its_malformed_files_are_refused(corpus: Path) -> None:
    files = sorted(corpus.rglob("*.mid"))
    refused = 0
    for number, path in enumerate(files):
        try:
            piece = read_recording(path).piece.rescaled(384)
        except MidiError:
            refused += 1
            continue
        # Every file is read; encoding a part of them in every spec keeps this within seconds.
        if number % 100 == 0:
            for spec in SPECS[::3]:
                assert in_order(decode(encode(piece, spec), spec)) == in_order(piece)
    assert len(files) == 3135
    assert refused == 16
