"""Reading for corpora against the reader that decides what a file means."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import symusic
from euterpe_music.midi import MidiError, read_midi, read_recording
from euterpe_test_kit.cases import MidiCase, midi_cases

# Tests have no packages (importlib mode), so the byte-level builder is loaded by path.
_spec = importlib.util.spec_from_file_location("midi_bytes", Path(__file__).with_name("bytes.py"))
midi = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(midi)
on, off, smf, END = midi.on, midi.off, midi.smf, midi.END
COLUMNS = ["onset", "duration", "pitch", "velocity"]
#: Where the two differ by design: symusic pairs no notes across tracks, knows no all-notes-off, and reads the bytes
#: after a system exclusive event or an unknown chunk otherwise.
REPAIRED = {
    "c02_running_sysex",
    "c02_running_sysex_tail",
    "c06_1said_2there",
    "c06_fmt0_1said_2there",
    "c20_alloff",
    "fuzz_013",
    "fuzz_088",
    "fuzz_175",
    "own_f0_packets",
    "own_f7_escape_valid",
    "own_hang_organ",
    "own_off_wrong_track",
}


@pytest.mark.parametrize("case", midi_cases(), ids=str)
def test_both_readers_find_the_same_notes(case: MidiCase) -> None:
    try:
        fast = read_recording(case.content).piece.notes
    except MidiError:
        return
    assert case.refused is None or case.name.startswith(("c14", "fuzz"))
    if case.refused is None and case.name not in REPAIRED:
        exact = read_midi(case.content).notes
        assert np.sort(fast[COLUMNS], order=COLUMNS).tolist() == np.sort(exact[COLUMNS], order=COLUMNS).tolist()


def test_pickled_notes_equal_those_of_symusic() -> None:
    # Its pickles are the fast way to many notes, and no promise: a new version may say it otherwise.
    track = on(3, 60, 1) + on(4, 127, 127) + off(5, 60) + off(300_000, 127) + on(0, 0, 77) + off(9, 0) + END
    notes = read_recording(smf(track)).notes
    expected = symusic.Score.from_midi(smf(track)).tracks[0].notes.numpy()
    for ours, theirs in (("onset", "time"), ("duration", "duration"), ("pitch", "pitch"), ("velocity", "velocity")):
        assert notes[ours].tolist() == expected[theirs].tolist()


def test_many_short_tracks_are_refused_before_they_grow() -> None:
    # Every track names all channels and pitches; closing all of them would make gigabytes of ten megabytes.
    keys = b"".join(on(0, pitch, 1, pitch % 16) for pitch in range(128))
    with pytest.raises(MidiError, match="the limit is 1000000") as caught:
        read_recording(smf(*[keys + END] * 20_000))
    assert caught.value.reason == "too-many-notes"
    assert len(read_recording(smf(*[keys + END] * 50)).notes) == 50 * 128
