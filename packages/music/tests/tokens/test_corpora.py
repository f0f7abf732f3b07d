"""Both encodings over whole corpora: what is encoded comes back as it was quantised."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from euterpe_music.midi import read_midi, write_midi
from euterpe_music.tokens import (
    QuantizationLoss,
    QuantizedTrack,
    Vocabulary,
    decode_steps,
    decode_streams,
    encode_steps,
    encode_streams,
    quantize,
    split_parts,
    to_piece,
)
from euterpe_music.tokens.quantized_track import FINE, SIXTEENTHS


def parts(directory: Path, pattern: str, every: int, grid: int) -> Iterator[tuple[QuantizedTrack, QuantizationLoss]]:
    for path in sorted(directory.glob(pattern))[::every]:
        piece = read_midi(path)
        both = split_parts(piece)
        for notes in (both.melody, both.accompaniment):
            if len(notes):
                yield quantize(notes, piece.ticks_per_quarter, grid)


def tracks(nottingham: Path, pop909: Path, grid: int) -> list[QuantizedTrack]:
    sources = ((nottingham, "*.mid", 3), (pop909, "*/*.mid", 30))
    found = [slices for source in sources for slices, _ in parts(*source, grid)]
    assert len(found) > 600
    return found


def test_time_step_tokens_bring_the_quantised_notes_back(nottingham: Path, pop909: Path) -> None:
    songs = [(slices, encode_steps(slices)) for slices in tracks(nottingham, pop909, SIXTEENTHS)]
    vocabulary = Vocabulary.build("steps", (words for _, words in songs))
    for slices, words in songs:
        numbers, replaced = vocabulary.encode(words)
        assert replaced == 0
        assert len(numbers) == slices.end
        assert decode_steps(vocabulary.decode(numbers)) == slices.canonical()


def test_two_streams_bring_the_quantised_notes_back(nottingham: Path, pop909: Path) -> None:
    songs = [(slices, *encode_streams(slices)) for slices in tracks(nottingham, pop909, FINE)]
    sounds = Vocabulary.build("pitches", (pitches for _, pitches, _ in songs))
    times = Vocabulary.build("durations", (durations for _, _, durations in songs))
    for slices, pitches, durations in songs:
        first, second = sounds.encode(pitches), times.encode(durations)
        assert (first[1], second[1]) == (0, 0)
        back = decode_streams(sounds.decode(first[0]), times.decode(second[0]))
        assert back == slices.canonical()


def test_a_melody_comes_back_from_its_tokens_through_midi(nottingham: Path) -> None:
    """Melodies hold no chords, so that nothing but the grid changes a note."""
    for slices, loss in parts(nottingham / "melody", "*.mid", 5, FINE):
        piece = to_piece(decode_streams(*encode_streams(slices)))
        again = read_midi(write_midi(piece))
        found, _ = quantize(again.notes, again.ticks_per_quarter, FINE)
        assert found.onsets == slices.onsets
        assert found.pitches == slices.canonical().pitches
        assert loss.notes >= len(slices)


def test_the_grid_of_sixteenths_loses_what_the_report_says(nottingham: Path) -> None:
    total = QuantizationLoss()
    notes = off = 0
    for path in sorted((nottingham / "melody").glob("*.mid")):
        piece = read_midi(path)
        total += quantize(piece.notes, piece.ticks_per_quarter)[1]
        notes += len(piece.notes)
        off += int(((piece.notes["onset"] * 4 % piece.ticks_per_quarter) != 0).sum())
    assert (total.notes, total.moved) == (notes, off)
    assert 0 < total.moved < 0.05 * total.notes
    assert np.isclose(total.moved_quarters / total.moved, 1 / 12, atol=0.05)
