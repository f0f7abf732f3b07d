"""Odd files: what each means, and that every reader of the canonical file agrees."""

import io

import mido
import numpy as np
import pytest
import symusic
from euterpe_music.midi import MidiError, read_midi, write_midi
from euterpe_music.pianoroll import piano_roll
from euterpe_test_kit.cases import MidiCase, midi_cases

CASES = midi_cases()
COLUMNS = ["onset", "duration", "pitch", "velocity"]


@pytest.mark.parametrize("case", [case for case in CASES if case.refused], ids=str)
def test_refused_files_name_the_reason(case: MidiCase) -> None:
    with pytest.raises(MidiError) as caught:
        read_midi(case.content)
    assert caught.value.reason == case.refused


@pytest.mark.parametrize("case", [case for case in CASES if not case.refused], ids=str)
def test_accepted_files_mean_what_is_expected(case: MidiCase) -> None:
    piece = read_midi(case.content)
    assert len(piece.playable().notes) == case.notes
    assert piece.duration_seconds == pytest.approx(case.seconds, abs=0.01)
    assert [(track.program, track.is_drum) for track in piece.tracks] == list(case.programs)


@pytest.mark.parametrize("case", [case for case in CASES if not case.refused], ids=str)
def test_the_canonical_file_means_the_same_to_every_reader(case: MidiCase) -> None:
    piece = read_midi(case.content).playable()
    written = write_midi(piece)
    again = read_midi(written)
    assert again.notes[COLUMNS].tolist() == piece.notes[COLUMNS].tolist()
    assert again.meters[:1] == (piece.meters[:1] or again.meters[:1])
    assert again.duration_seconds == pytest.approx(piece.duration_seconds, rel=1e-4)
    assert write_midi(again) == written, "the canonical form is a fixed point"
    score = symusic.Score.from_midi(written)
    assert sorted(note.pitch for track in score.tracks for note in track.notes) == sorted(piece.notes["pitch"].tolist())
    onsets = sorted(round(onset, 2) for onset in mido_onsets(written))
    assert onsets == pytest.approx(sorted(piano_roll(piece).start.tolist()), abs=0.011)


def mido_onsets(content: bytes) -> list[float]:
    """Seconds at which notes begin, as mido plays the file."""
    now, onsets = 0.0, []
    for message in mido.MidiFile(file=io.BytesIO(content)):
        now += message.time
        if message.type == "note_on" and message.velocity:
            onsets.append(now)
    return onsets


def test_no_case_is_silent() -> None:
    for case in CASES:
        if case.refused is None:
            controls = read_midi(case.content).controls
            levels = controls[np.isin(controls["number"], (7, 11))]["value"]
            assert (levels > 0).all(), case.name
