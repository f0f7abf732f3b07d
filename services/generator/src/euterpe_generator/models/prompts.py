"""Reading prompts from MIDI files."""

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
from euterpe_generator.errors import InvalidParameters

#: Limits of a prompt's file.
LIMITS = MidiLimits(max_bytes=700_000, max_notes=100_000, max_seconds=3600.0)


def read_prompt(midi: bytes, bars: int, vocabularies: Sequence[Vocabulary], *, white_keys: bool) -> Prompt:
    """Read up to `bars` bars of the melody, from the bar in which it starts.

    The melody is found by euterpe_music.tokens.split_parts and quantised to 24ths of a quarter. Tokens that are not in
    the vocabularies are replaced by the nearest ones (Vocabulary.nearest) and counted. Raises InvalidParameters for a
    file that cannot be read or has no melody.
    """
    try:
        piece = read_midi(midi, LIMITS)
        meter = read_meters(midi)[0]
        notes = split_parts(piece).melody
    except (MidiError, PartsError) as error:
        raise InvalidParameters.for_field("body.prompt", str(error)) from error
    track, _ = quantize(notes, piece.ticks_per_quarter, FINE)
    bar = meter.bar * FINE // 4
    if bar < 1:
        raise InvalidParameters.for_field("body.prompt", f"bars of its meter {meter} must last at least a sixteenth")
    first = track.onsets[0] // bar
    count = min(bars, -(-track.end // bar) - first)
    track = track.window(first * bar, (first + count) * bar)
    rows = tuple(track.with_rests())
    pitches = np.array([pitch for _, each in rows for pitch in each], np.int64)
    lengths = np.array([length for length, each in rows for _ in each], np.int64)
    shift = white_key_shift(pitches, lengths) if white_keys else 0
    tokens = prompt_tokens(QuantizedTrack.from_rows(rows, FINE).transposed(shift), vocabularies)
    unknown = sum(one.encode(each)[1] for one, each in zip(vocabularies, tokens, strict=True))
    return Prompt(rows=rows, bars=count, meter=str(meter), shift=shift, unknown=unknown)


def prompt_tokens(track: QuantizedTrack, vocabularies: Sequence[Vocabulary]) -> list[list[str]]:
    """Encode a melody on the grid of 24ths as tokens, for each stream."""
    return [encode_steps(to_sixteenths(track))] if len(vocabularies) == 1 else list(encode_streams(track))


def to_sixteenths(track: QuantizedTrack) -> QuantizedTrack:
    """Quantise a track to sixteenths."""
    per_sixteenth = track.steps_per_quarter // SIXTEENTHS
    if per_sixteenth == 1:
        return track
    counts = [len(each) for each in track.pitches]
    onset, length = (
        np.repeat(np.array(each, np.float64), counts) / per_sixteenth for each in (track.onsets, track.lengths)
    )
    pitch = np.array([pitch for each in track.pitches for pitch in each], np.int64)
    return quantize_times(onset, length, pitch, SIXTEENTHS, -(-track.end // per_sixteenth))[0]
