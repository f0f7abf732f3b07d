"""Read chord progressions as text: bars separated by `|`, one or two chords in each; without `|`, one chord a bar."""

import re
from typing import Final

from euterpe_music.key_signature import pitch_class
from euterpe_music.note_events.spec import CHORD_QUALITIES

#: Stands for a chord that is left open.
OPEN: Final = "-"
MAX_BARS: Final = 256
_QUALITIES: Final = {
    "": "maj", "maj": "maj", "M": "maj", "m": "min", "min": "min", "7": "7", "maj7": "maj7", "M7": "maj7",
    "m7": "min7", "min7": "min7", "dim": "dim", "°": "dim", "o": "dim", "aug": "aug", "+": "aug", "sus4": "sus4",
    "sus": "sus4",
}  # fmt: skip
_CHORD: Final = re.compile(r"([A-G][#b]?)(.*)")


def parse_chord(symbol: str) -> int:
    """Return the number of a chord such as `F#m7` (see `spec.NO_CHORD`), or -1 for `-`. Raises ValueError."""
    if symbol == OPEN:
        return -1
    match = _CHORD.fullmatch(symbol)
    if match is None or match[2] not in _QUALITIES:
        known = ", ".join(dict.fromkeys(name for name in _QUALITIES if name))
        raise ValueError(f"{symbol!r} is not a chord: write a root such as C or F#, then nothing or one of {known}")
    return CHORD_QUALITIES.index(_QUALITIES[match[2]]) * 12 + pitch_class(match[1])


def parse_progression(text: str) -> list[tuple[int, int]]:
    """Return the chords of the halves of each bar of a text such as `C | Am F | G7`; -1 is left open.

    A text without `|`, such as `Am F C G`, has one chord in each bar.

    Raises ValueError for an empty text, more than `MAX_BARS` bars, more than two chords in a bar, or an unknown chord.
    """
    has_lines = "|" in text
    bars = [bar.split() for bar in text.strip().strip("|").split("|")] if has_lines else [[one] for one in text.split()]
    if not bars:
        raise ValueError("a progression must have at least one chord, got none")
    if len(bars) > MAX_BARS:
        raise ValueError(f"a progression must have at most {MAX_BARS} bars, got {len(bars)}")
    chords = []
    for number, symbols in enumerate(bars, 1):
        if not 1 <= len(symbols) <= 2:
            message = f"bar {number} must have one or two chords, got {len(symbols)}; write {OPEN} to leave it open"
            raise ValueError(message)
        try:
            found = [parse_chord(symbol) for symbol in symbols]
        except ValueError as error:
            raise ValueError(f"bar {number}: {error}") from None
        chords.append((found[0], found[-1]))
    return chords
