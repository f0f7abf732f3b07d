"""Encoding 1 (references.md §2): one word per sixteenth; "_" holds whatever sounds, a rest too."""

from collections.abc import Iterable
from typing import Final

from euterpe_music.tokens.quantized_track import SIXTEENTHS, QuantizedTrack
from euterpe_music.tokens.symbols import Pitches, from_symbol, to_symbol

HOLD: Final = "_"


def encode_steps(slices: QuantizedTrack) -> list[str]:
    """One word per step from 0 to the track's end: a chord of a quarter is "9.2 _ _ _"."""
    words: list[str] = []
    for length, pitches in slices.with_rests():
        words += [to_symbol(pitches), *[HOLD] * (length - 1)]
    return words


def decode_steps(words: Iterable[str], steps_per_quarter: int = SIXTEENTHS) -> QuantizedTrack:
    """The slices that words mean. A hold at the very beginning holds a rest; words that mean nothing are rests."""
    rows: list[tuple[int, Pitches]] = []
    for word in words:
        if word == HOLD:
            length, pitches = rows.pop() if rows else (0, ())
            rows.append((length + 1, pitches))
        else:
            rows.append((1, _read(word)))
    return QuantizedTrack.from_rows(rows, steps_per_quarter)


def _read(word: str) -> Pitches:
    try:
        return from_symbol(word)
    except ValueError:
        return ()
