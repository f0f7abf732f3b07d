"""Encoding 2 (references.md §2): pitches and durations, in two streams of equal length."""

from collections.abc import Iterable
from fractions import Fraction

from euterpe_music.tokens.quantized_track import FINE, QuantizedTrack
from euterpe_music.tokens.symbols import Pitches, from_symbol, to_symbol


def encode_streams(track: QuantizedTrack) -> tuple[list[str], list[str]]:
    """Return tokens for pitches (note, chord or rest) and for durations, fractions of a quarter: "1/4", "1/3", "2"."""
    rows = track.with_rests()
    pitches = [to_symbol(each) for _, each in rows]
    return pitches, [str(Fraction(length, track.steps_per_quarter)) for length, _ in rows]


def decode_streams(pitches: Iterable[str], durations: Iterable[str], steps_per_quarter: int = FINE) -> QuantizedTrack:
    """Return the track that two streams mean.

    A duration is rounded to whole steps, at least one; an event with an unknown token is left out.
    """
    rows: list[tuple[int, Pitches]] = []
    for symbol, duration in zip(pitches, durations, strict=True):
        try:
            rows.append((max(round(Fraction(duration) * steps_per_quarter), 1), from_symbol(symbol)))
        except (ValueError, ZeroDivisionError):
            continue
    return QuantizedTrack.from_rows(rows, steps_per_quarter)
