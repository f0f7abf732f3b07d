import hashlib

import numpy as np
from euterpe_music.controls import make_controls
from euterpe_music.midi import MidiLimits, Piece, Tempo, Track, read_midi, write_midi
from euterpe_music.piece import NOTE_DTYPE, make_notes
from hypothesis import given, settings
from hypothesis import strategies as st

TRACKS = (Track(0), Track(40), Track(is_drum=True), *(Track(program) for program in range(14)))
#: A tick may last seconds here, and so a piece years.
EVERYTHING = MidiLimits(max_seconds=1e12)


@st.composite
def pieces(draw: st.DrawFn) -> Piece:
    note = st.tuples(
        st.integers(0, 1 << 20),
        st.integers(1, 1 << 18),
        st.integers(0, 127),
        st.integers(1, 127),
        st.integers(0, len(TRACKS) - 1),
    )
    rows = draw(st.lists(note, min_size=1, max_size=40))
    tempos = draw(st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(4, 400)), max_size=3))
    return Piece(
        draw(st.integers(1, 32767)),
        np.array(rows, NOTE_DTYPE),
        TRACKS,
        tuple(Tempo(tick, float(bpm)) for tick, bpm in tempos),
    )


@settings(max_examples=80, deadline=None)
@given(pieces())
def test_what_is_written_is_read_again(piece: Piece) -> None:
    again = read_midi(write_midi(piece), EVERYTHING)
    played = piece.playable()
    assert again.ticks_per_quarter == piece.ticks_per_quarter
    columns = ["onset", "duration", "pitch", "velocity"]
    assert again.notes[columns].tolist() == played.notes[columns].tolist()
    tracks = [(again.tracks[index].program, again.tracks[index].is_drum) for index in again.notes["track"]]
    written = [piece.tracks[index] for index in played.notes["track"]]
    assert tracks == [(track.program, track.is_drum) for track in written]
    assert np.isclose(again.duration_seconds, played.duration_seconds, rtol=1e-4)


@settings(max_examples=50, deadline=None)
@given(pieces())
def test_a_played_piece_never_strikes_a_key_that_is_down(piece: Piece) -> None:
    played = piece.playable()
    for track in range(len(TRACKS)):
        for pitch in range(128):
            key = played.notes[(played.notes["track"] == track) & (played.notes["pitch"] == pitch)]
            assert (key["onset"][1:] >= (key["onset"] + key["duration"])[:-1]).all()
    assert played.playable() == played


def test_bytes_do_not_depend_on_the_order_of_notes_nor_on_the_release() -> None:
    notes = make_notes([0, 0, 384, 768], [96, 192, 400, 1], [60, 64, 67, 72], [1, 64, 100, 127])
    piece = Piece(384, notes, (Track(0),), (Tempo(0, 104.0),))
    content = write_midi(piece)
    assert content == write_midi(Piece(384, notes[::-1], (Track(0),), (Tempo(0, 104.0),)))
    # Stored songs are addressed by the digest of these bytes: a change here is a change of every address.
    assert hashlib.sha256(content).hexdigest() == "5398623038b8679e9b400458cccd9c189cbcae4cc3d9360c9b0fb95d23e7389f"


def test_rests_longer_than_a_delta_can_say() -> None:
    piece = Piece(1, make_notes([0, 3 << 27], [1, 1], [60, 61], [64, 64]), (Track(),), (Tempo(0, 3_000_000.0),))
    assert read_midi(write_midi(piece), EVERYTHING).notes["onset"].tolist() == [0, 3 << 27]


def test_any_number_of_tracks_stays_apart() -> None:
    count = 4095
    tracks = tuple(Track(number % 128, name=str(number)) for number in range(count))
    piece = Piece(480, make_notes(np.arange(count), 480, 60, 80, np.arange(count)), tracks)
    again = read_midi(write_midi(piece))
    assert again.tracks == tracks
    assert np.array_equal(again.notes, piece.notes)


def test_controllers_of_tracks_that_share_a_channel_are_written_once() -> None:
    controls = make_controls([(0, track, 7, 100) for track in (0, 1)] + [(9, track, 7, 90) for track in (0, 1)])
    tracks = (Track(is_drum=True, name="Low"), Track(is_drum=True, name="High"))
    piece = Piece(480, make_notes([0, 0], 480, [36, 42], 80, [0, 1]), tracks, controls=controls)
    again = read_midi(write_midi(piece))
    assert np.array_equal(again.controls, piece.controls)
    assert write_midi(again) == write_midi(piece)
