"""Encoding 1 (references.md §2): one token per sixteenth; "_" holds what sounds, rests included."""

from collections.abc import Iterable
from typing import Final

from euterpe_music.tokens.quantized_track import SIXTEENTHS, QuantizedTrack
from euterpe_music.tokens.symbols import Pitches, from_symbol, to_symbol

HOLD: Final = "_"


def encode_steps(track: QuantizedTrack) -> list[str]:
    """Return one token per step from 0 to the track's end: a chord of a quarter is "9.2 _ _ _"."""
    tokens: list[str] = []
    for length, pitches in track.with_rests():
        tokens += [to_symbol(pitches), *[HOLD] * (length - 1)]
    return tokens


def decode_steps(tokens: Iterable[str], steps_per_quarter: int = SIXTEENTHS) -> QuantizedTrack:
    """Return the track that tokens mean. A hold at the beginning holds a rest; unknown tokens are rests."""
    rows: list[tuple[int, Pitches]] = []
    for token in tokens:
        if token == HOLD:
            length, pitches = rows.pop() if rows else (0, ())
            rows.append((length + 1, pitches))
        else:
            rows.append((1, _read(token)))
    return QuantizedTrack.from_rows(rows, steps_per_quarter)


def _read(token: str) -> Pitches:
    try:
        return from_symbol(token)
    except ValueError:
        return ()
