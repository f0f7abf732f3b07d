import contextlib
import importlib.util
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
from euterpe_music.midi import MidiError, MidiLimits, Piece, Tempo, Track, read_midi
from hypothesis import given, settings
from hypothesis import strategies as st

# Tests have no packages (importlib mode), so the byte-level builder is loaded by path.
_spec = importlib.util.spec_from_file_location("midi_bytes", Path(__file__).with_name("bytes.py"))
midi = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(midi)
on, off, smf, END = midi.on, midi.off, midi.smf, midi.END


def rows(piece: Piece) -> list[tuple[int, ...]]:
    return [tuple(int(value) for value in note) for note in piece.notes]


def test_notes_tempo_program_and_drums_are_read() -> None:
    tempo = b"\x00\xff\x51\x03" + struct.pack(">I", 500_000)[1:] + b"\x83\x60\xff\x51\x03" + b"\x0f\x42\x40" + END
    piano = b"\x00\xc0\x05" + on(0, 60, 100) + off(480, 60) + END
    drums = on(240, 38, 90, channel=9) + off(10, 38, channel=9) + END
    piece = read_midi(smf(tempo, piano, drums))
    assert piece.ticks_per_quarter == 480
    assert piece.tracks == (Track(5), Track(0, is_drum=True))
    assert piece.tempos == (Tempo(0, 120.0), Tempo(480, 60.0))
    assert rows(piece) == [(0, 480, 60, 100, 0), (240, 10, 38, 90, 1)]
    assert piece.seconds(np.array([480, 960])).tolist() == [0.5, 1.5]


def test_a_path_is_read_like_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "one.mid"
    path.write_bytes(midi.ONE_NOTE)
    assert read_midi(path) == read_midi(midi.ONE_NOTE)


def test_meters_keys_names_and_title_are_read() -> None:
    conductor = b"".join(
        [
            b"\x00\xff\x03\x04Jig!",
            b"\x00\xff\x58\x04\x06\x03\x24\x08",
            b"\x00\xff\x59\x02\xfd\x01",
            b"\x85\x50\xff\x58\x04\x03\x02\x18\x08",
            END,
        ]
    )
    piece = read_midi(smf(conductor, b"\x00\xff\x03\x05Fl\xf6te" + on(0, 60) + off(480, 60) + END))
    assert [(change.tick, str(change.meter)) for change in piece.meters] == [(0, "6/8"), (720, "3/4")]
    assert [str(change.key) for change in piece.keys] == ["C minor"]
    assert (piece.title, piece.tracks[0].name) == ("Jig!", "Flöte")


def test_a_pedal_holds_notes_until_it_lifts_or_the_sound_has_decayed() -> None:
    pedal = [b"%b\xb0\x40%c" % (midi.vlq(delta), value) for delta, value in ((0, 127), (1440, 0))]
    piece = read_midi(smf(pedal[0] + on(0, 60) + off(480, 60) + pedal[1] + END))
    assert piece.end_tick == 480
    assert piece.sounding_ends.tolist() == [1920]
    assert piece.duration_seconds == 2.0
    forever = read_midi(smf(pedal[0] + on(0, 60) + off(480, 60) + END))
    assert forever.duration_seconds == pytest.approx(10.5)


def test_a_release_in_another_track_ends_a_note_that_has_none_of_its_own() -> None:
    piece = read_midi(smf(on(0, 60) + END, off(700, 60) + END, off(900, 60) + END))
    assert rows(piece) == [(0, 700, 60, 64, 0)]


def test_unclosed_notes_get_a_quarter() -> None:
    track = on(0, 60) + off(100, 60) + on(0, 64, 70) + on(50, 64, 71) + on(0, 67) + on(1000, 60) + off(10, 67) + END
    assert rows(read_midi(smf(track, division=96))) == [
        (0, 100, 60, 64, 0),
        (100, 96, 64, 70, 0),
        (150, 96, 64, 71, 0),
        (150, 1010, 67, 64, 0),
        (1150, 96, 60, 64, 0),
    ]


def test_unclosed_notes_on_several_channels_and_with_running_status() -> None:
    track = on(0, 60, channel=2) + b"\x00\x40\x50" + on(0, 62, channel=3) + on(8, 62, channel=9) + END
    assert sorted(row[1:3] for row in rows(read_midi(smf(track)))) == [(480, 60), (480, 62), (480, 62), (480, 64)]


def test_a_note_that_ends_where_it_begins_sounds_for_one_tick() -> None:
    assert rows(read_midi(smf(on(0, 60) + off(0, 60) + END))) == [(0, 1, 60, 64, 0)]


EVERY_PROGRAM = b"".join(bytes((0, 0xC0, program)) + on(0, 60) + off(10, 60) for program in range(128)) + END


@pytest.mark.parametrize(
    ("data", "reason", "words"),
    [
        (b"", "empty", "empty"),
        (b"MThd", "truncated", "cut short"),
        (b"RIFF" + midi.ONE_NOTE, "not-midi", "MThd"),
        (b"<html>not found</html>", "not-midi", "MThd"),
        (smf(on(0, 60) + off(480, 60) + END, division=0), "timing", "ticks per quarter"),
        (smf(on(0, 60) + off(480, 60) + END, division=0xD890), "timing", "SMPTE"),
        (smf(), "truncated", "no track"),
        (smf(END), "no-notes", "no notes"),
        (smf(on(0, 60) + b"\x00\x3e\xb0" + END), "invalid", "track 1 holds a malformed event at byte 4"),
        (smf(END, b"\x00\x3c\x40" + END), "invalid", "track 2"),
        (smf((b"\xff\xff\xff\x7f\xff\x01\x00" * 9) + on(0, 60) + END), "too-long", "track 1"),
        (smf(*[END] * 4097), "too-many-tracks", "4096"),
        (smf(*[EVERY_PROGRAM] * 33), "too-many-tracks", "4224 instruments; the limit is 4095"),
        (smf(b"\x00\xb0\x01\x05" * 10_000 + EVERY_PROGRAM), "too-large", "1280000 controllers"),
    ],
)
def test_unusable_files_are_refused_with_the_reason(data: bytes, reason: str, words: str) -> None:
    with pytest.raises(MidiError) as caught:
        read_midi(data)
    assert caught.value.reason == reason
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [midi.ONE_NOTE[:-3], smf(on(0, 60) + off(480, 60) + END, declared=2), b"\x00" * 128 + midi.ONE_NOTE],
    ids=["no end of track", "fewer tracks than stated", "MacBinary"],
)
def test_damage_with_a_certain_meaning_is_repaired(data: bytes) -> None:
    assert read_midi(data) == read_midi(midi.ONE_NOTE)


@pytest.mark.parametrize(
    ("limits", "reason", "limit"),
    [
        (MidiLimits(max_bytes=20), "too-large", "20"),
        (MidiLimits(max_notes=0), "too-many-notes", "0"),
        (MidiLimits(max_seconds=0.4), "too-long", "limit"),
    ],
)
def test_limits_are_named(limits: MidiLimits, reason: str, limit: str, tmp_path: Path) -> None:
    path = tmp_path / "one.mid"
    path.write_bytes(midi.ONE_NOTE)
    for data in (midi.ONE_NOTE, path):
        with pytest.raises(MidiError, match=limit) as caught:
            read_midi(data, limits)
        assert caught.value.reason == reason


def test_an_error_keeps_its_reason_on_its_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(MidiError("too-long", "the music lasts")))
    assert (error.reason, str(error)) == ("too-long", "the music lasts")


def piece_or_none(data: bytes) -> Piece | None:
    """Any exception but the one that is promised fails the test."""
    with contextlib.suppress(MidiError):
        return read_midi(data)
    return None


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_files_give_a_piece_or_one_clear_error(data: st.DataObject) -> None:
    track = b"\x00\xc0\x05" + b"".join(on(3, p) + off(40, p) for p in range(50, 70)) + b"\x00\xff\x01\x03abc" + END
    content = bytearray(smf(track, track))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    for damaged in (bytes(content), bytes(content[:cut])):
        piece = piece_or_none(damaged)
        if piece is not None:
            assert len(piece.notes) > 0
            assert piece.duration_seconds <= MidiLimits().max_seconds


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_random_tracks_give_a_piece_or_one_clear_error(content: bytes) -> None:
    for data in (content, smf(content), smf(content + END)):
        piece = piece_or_none(data)
        assert piece is None or len(piece.notes) > 0
