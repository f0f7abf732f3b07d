"""Event ids, and which notes of a piece in progress are sent: only those that its file will hold unchanged."""

from pathlib import Path

import numpy as np
import pytest
from euterpe_generator.models.loader import load_model
from euterpe_generator.services.progress_stream import LiveNotes, StreamPosition, settled, timed_notes
from euterpe_music.events import encode
from euterpe_music.midi import read_midi, write_midi
from euterpe_music.midi.write import as_written
from euterpe_music.piece import Piece, Tempo, Track, make_notes

TINY = Path(__file__).parents[4] / "packages/music/tests/data/tiny/0.0.1"


@pytest.mark.parametrize("text", [None, "", "x", "3", "3.", ".3", "-1.2", "٣.٤", "²" + ".1", "1" * 40 + ".1", "3.1.2"])
def test_anything_but_two_numbers_is_the_start(text: str | None) -> None:
    assert StreamPosition.parse(text) == StreamPosition()


def test_an_id_is_read_back() -> None:
    assert StreamPosition.parse(str(StreamPosition(12, 7))) == StreamPosition(12, 7)


def test_every_prefix_of_the_events_gives_a_prefix_of_the_files_notes() -> None:
    model = load_model(TINY, 1)
    random = np.random.default_rng(5)
    count = 300
    # Few pitches and long notes, so that many keys are struck again while they sound, and at the same time.
    notes = make_notes(
        np.sort(random.integers(0, 60, count)) * 96, random.integers(1, 12, count) * 96,
        random.choice([48, 52, 60, 64, 67], count), 80,
    )  # fmt: skip
    spec = model.adapter._bundle.spec  # type: ignore[attr-defined]
    events = encode(Piece(spec.ticks_per_quarter, notes, (Track(),), (Tempo(0, spec.bpm),)), spec)
    whole = timed_notes(read_midi(write_midi(model.decode(events, {}))))
    sent = 0
    for end in range(1, len(events) + 1):
        so_far = timed_notes(settled(as_written(model.decode(events[:end], {})), 0))
        assert so_far == whole[: len(so_far)]
        assert len(so_far) >= sent
        sent = len(so_far)
    assert sent > len(whole) * 0.8


def test_notes_carry_their_tracks_in_the_order_in_which_they_are_sent() -> None:
    notes = np.concatenate([make_notes([0, 480], 480, 60, 80, 0), make_notes([240], 480, 48, 80, 1)])
    piece = Piece(480, notes, (Track(73), Track(24)))
    by_track, by_time = LiveNotes.of(piece, by_track=True), LiveNotes.of(piece, by_track=False)
    assert ([note[0] for note in by_track.notes], by_track.track_indices) == ([0.0, 0.5, 0.25], (0, 0, 1))
    assert ([note[0] for note in by_time.notes], by_time.track_indices) == ([0.0, 0.25, 0.5], (0, 1, 0))
    assert by_track.since(2).track_indices == (1,)
    assert [track.program for track in by_track.since(2).tracks] == [73, 24]


def test_tracks_that_are_not_begun_are_not_sent() -> None:
    notes = np.concatenate([make_notes([0, 480], 480, 60, 80, 0), make_notes([0, 480], 480, 48, 80, 1)])
    piece = Piece(480, notes, (Track(), Track()))
    assert settled(piece, 0).notes["track"].tolist() == [0]
    assert settled(piece, 1).notes["track"].tolist() == [1, 0, 0]
