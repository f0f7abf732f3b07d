"""From a MIDI file to what a piece begins with."""

from collections.abc import Sequence

import numpy as np
from euterpe_music.midi import MidiError, read_midi
from euterpe_music.midi.read import MidiLimits
from euterpe_music.tokens import (
    PartsError,
    QuantizedTrack,
    encode_steps,
    encode_streams,
    quantize,
    read_meters,
    split_parts,
)  # fmt: skip
from euterpe_music.tokens.quantized_track import FINE, SIXTEENTHS, quantize_times
from euterpe_music.tokens.tonality import white_key_shift
from euterpe_music.tokens.vocabulary import Vocabulary

from euterpe_generator.domain.generation import Prompt
from euterpe_generator.models.adapters import wrong

#: The largest file of a prompt.
LIMITS = MidiLimits(max_bytes=700_000, max_notes=100_000, max_seconds=3600.0)


def read_prompt(midi: bytes, bars: int, vocabularies: Sequence[Vocabulary], *, white_keys: bool) -> Prompt:
    """The melody of the first `bars` bars, from the bar in which it begins; fewer if the file ends before.

    The melody is found as euterpe_music.tokens.split_parts tells, and rounded to 24ths of a quarter. Words that the
    vocabularies do not hold are replaced by their nearest (Vocabulary.nearest) and counted. Raises InvalidParameters
    for a file that cannot be read, holds no melody, or none in these bars.
    """
    try:
        piece = read_midi(midi, LIMITS)
        meter = read_meters(midi)[0]
        notes = split_parts(piece).melody
    except (MidiError, PartsError) as error:
        raise wrong("body.prompt", str(error)) from error
    slices, _ = quantize(notes, piece.ticks_per_quarter, FINE)
    bar = meter.bar * FINE // 4
    if bar < 1:
        raise wrong("body.prompt", f"its meter {meter} has no whole sixteenths")
    first = slices.onsets[0] // bar
    count = min(bars, -(-slices.end // bar) - first)
    slices = slices.window(first * bar, (first + count) * bar)
    rows = tuple(slices.with_rests())
    pitches = np.array([pitch for _, each in rows for pitch in each], np.int64)
    lengths = np.array([length for length, each in rows for _ in each], np.int64)
    shift = white_key_shift(pitches, lengths) if white_keys else 0
    words = prompt_words(QuantizedTrack.from_rows(rows, FINE).transposed(shift), vocabularies)
    unknown = sum(one.encode(each)[1] for one, each in zip(vocabularies, words, strict=True))
    return Prompt(rows=rows, bars=count, meter=str(meter), shift=shift, unknown=unknown)


def prompt_words(slices: QuantizedTrack, vocabularies: Sequence[Vocabulary]) -> list[list[str]]:
    """The words of a melody on the fine grid, for each stream."""
    return [encode_steps(coarse(slices))] if len(vocabularies) == 1 else list(encode_streams(slices))


def coarse(slices: QuantizedTrack) -> QuantizedTrack:
    """The same on the grid of sixteenths."""
    per = slices.steps_per_quarter // SIXTEENTHS
    if per == 1:
        return slices
    counts = [len(each) for each in slices.pitches]
    onset, length = (np.repeat(np.array(each, np.float64), counts) / per for each in (slices.onsets, slices.lengths))
    pitch = np.array([pitch for each in slices.pitches for pitch in each], np.int64)
    return quantize_times(onset, length, pitch, SIXTEENTHS, -(-slices.end // per))[0]
