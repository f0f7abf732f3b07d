"""The form in which pieces are synthesised: overridden instruments, merged tracks, one file per port."""

import struct

import numpy as np
import pytest
from euterpe_converter.rendering.canonical import canonical_midi
from euterpe_converter.rendering.ports import MAX_PORTS, split_ports
from euterpe_music.controls import make_controls
from euterpe_music.midi import MidiLimits, Piece, Tempo, Track, read_midi, write_midi
from euterpe_music.piece import make_notes

LIMITS = MidiLimits()
END = b"\x00\xff\x2f\x00"


def _file(*tracks: bytes) -> bytes:
    header = struct.pack(">4sIHHH", b"MThd", 6, 1, len(tracks), 480)
    return header + b"".join(b"MTrk" + struct.pack(">I", len(track)) + track for track in tracks)


def _note(channel: int, pitch: int = 60) -> bytes:
    return bytes((0, 0x90 | channel, pitch, 80)) + b"\x83\x60" + bytes((0x80 | channel, pitch, 0))


def _piece(tracks: tuple[Track, ...]) -> Piece:
    numbers = np.arange(len(tracks))
    return Piece(480, make_notes(numbers * 240, 400, 48 + numbers % 30, 90, numbers), tracks)


def test_programs_replace_those_of_the_files_channels():
    midi = _file(_note(5) + END, _note(9, 38) + END, _note(2) + END)
    piece, content = canonical_midi(midi, LIMITS, {2: 42, 9: 42, 0: 73})
    assert [(track.program, track.is_drum) for track in piece.tracks] == [(0, False), (0, True), (42, False)]
    assert [track.program for track in read_midi(content).tracks] == [0, 0, 42]


def test_a_canonical_file_stays_as_it_is():
    midi = write_midi(_piece(tuple(Track(program) for program in range(20))))
    assert canonical_midi(midi, LIMITS, {})[1] == midi


def test_more_tracks_than_channels_are_merged_by_program():
    tracks = tuple(Track(number % 50) for number in range(300))
    piece, content = canonical_midi(write_midi(_piece(tracks)), LIMITS, {})
    assert [track.program for track in piece.tracks] == list(range(50))
    assert len(read_midi(content).notes) == 300
    assert len(split_ports(content)) == 4


def test_a_piece_with_changing_tempo_keeps_its_times_in_seconds():
    tempos = (Tempo(0, 6e7), Tempo(1 << 28, 90.0), Tempo((1 << 28) + 960, 180.0))
    notes = make_notes((1 << 28) + np.arange(8) * 480, 470, 60 + np.arange(8), 90)
    controls = make_controls([((1 << 28) + 240, 0, 64, 127), ((1 << 28) + 2400, 0, 64, 0)])
    piece = Piece(480, notes, (Track(),), tempos, controls=controls)
    written = read_midi(canonical_midi(write_midi(piece), LIMITS, {})[1])
    assert len(written.tempos) == 1
    assert written.seconds(written.notes["onset"]) == pytest.approx(piece.seconds(notes["onset"]), abs=2e-4)
    assert written.seconds(written.sounding_ends) == pytest.approx(piece.seconds(piece.sounding_ends), abs=2e-4)


async def test_very_dense_music_is_rendered_to_its_end(worker, make_job, render_all):
    chord, onsets = np.arange(40, 90), np.arange(0, 60_000, 120)
    notes = make_notes(np.repeat(onsets, 50), 110, np.tile(chord, len(onsets)), 100)
    midi = write_midi(Piece(480, notes, (Track(48),)))
    for options in ({}, {"loudness": -20.0}):
        job = make_job(62.5, midi=midi, **options)
        audio = np.frombuffer(await render_all(worker, job), "<i2")
        assert len(audio) == 2 * job.frames
        assert np.abs(audio[-3 * 88_200 :].astype(int)).max() > 100


def test_each_port_is_a_file_with_the_tempo_and_its_own_tracks():
    tracks = (*(Track(program) for program in range(32)), Track(0, is_drum=True), Track(25, is_drum=True))
    piece = _piece(tracks)
    files = split_ports(write_midi(piece))
    parts = [read_midi(file) for file in files]
    assert [[track.program for track in part.tracks] for part in parts] == [
        [*range(15), 0],
        [*range(15, 30), 25],
        [30, 31],
    ]
    assert sum(len(part.notes) for part in parts) == len(piece.notes)
    assert {part.tempos for part in parts} == {piece.tempos}
    one = write_midi(_piece(tracks[:15]))
    assert split_ports(one) == [one]


def test_ports_beyond_the_synthesisers_share_the_first_ones():
    tracks = tuple(Track(number % 128) for number in range(15 * MAX_PORTS + 1))
    files = split_ports(write_midi(_piece(tracks)))
    assert [len(read_midi(file).tracks) for file in files] == [16, *[15] * (MAX_PORTS - 1)]


async def _samples(worker, make_job, render_all, piece: Piece, seconds: float) -> np.ndarray:
    options = {"bit_depth": 24, "tail_seconds": 0, "fade_seconds": 0, "gain": 0.2, "reverb": 0, "chorus": 0}
    audio = await render_all(worker, make_job(seconds, midi=write_midi(piece), **options))
    values = np.frombuffer(audio, np.uint8).reshape(-1, 3)
    return np.pad(values, ((0, 0), (1, 0))).view("<i4").ravel() / 2.0**31


@pytest.mark.parametrize("last", [Track(104), Track(25, is_drum=True)], ids=["sitar", "drums"])
async def test_every_track_of_seventeen_sounds_as_its_own_instrument(worker, make_job, render_all, last):
    tracks = (*(Track(7 * number % 96) for number in range(15)), Track(is_drum=True), last)
    piece = _piece(tracks)
    seconds = piece.duration_seconds + 1
    together = await _samples(worker, make_job, render_all, piece, seconds)
    alone = np.zeros_like(together)
    for number, track in enumerate(tracks):
        notes = piece.notes[piece.notes["track"] == number].copy()
        notes["track"] = 0
        alone += await _samples(worker, make_job, render_all, Piece(480, notes, (track,)), seconds)
    # Volumes ramp from those of the note that had the same voice before.
    assert np.sqrt(((together - alone) ** 2).mean() / (together**2).mean()) < 10 ** (-30 / 20)
