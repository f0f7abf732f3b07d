"""The token of what sounds at one moment: a note "60", a chord "4.9.0", a rest "r" (references.md §2)."""

from typing import Final

REST: Final = "r"
#: The lowest note of a decoded chord is in the octave from here, C3; its token holds only pitch classes.
CHORD_BASE: Final = 48

Pitches = tuple[int, ...]


def to_symbol(pitches: Pitches) -> str:
    """Return the token of `pitches`, ascending MIDI numbers: none is a rest, one a note, several a chord.

    A chord is its pitch classes from the lowest note upwards, each once. Octaves of one note are written as the lowest.
    """
    if not pitches:
        return REST
    classes = list(dict.fromkeys(pitch % 12 for pitch in pitches))
    return str(pitches[0]) if len(classes) == 1 else ".".join(map(str, classes))


def from_symbol(symbol: str) -> Pitches:
    """Return the pitches of a token: a chord's lowest in the octave over CHORD_BASE, each other above the one before.

    Raises ValueError for anything that is not a token.
    """
    if symbol == REST:
        return ()
    numbers = [int(part) for part in symbol.split(".")]
    if len(numbers) == 1 and 0 <= numbers[0] <= 127:
        return (numbers[0],)
    if len(numbers) == 1 or len(set(numbers)) < len(numbers) or not all(0 <= number < 12 for number in numbers):
        raise ValueError(f"{symbol!r} is neither a note 0..127 nor a chord of different pitch classes")
    pitches = [CHORD_BASE + numbers[0]]
    for number in numbers[1:]:
        pitches.append(pitches[-1] + (number - pitches[-1]) % 12)
    return tuple(pitches)


def transpose_symbol(symbol: str, semitones: int) -> str:
    """Return the token moved by semitones; a note outside 0..127 is moved back by octaves."""
    if symbol == REST:
        return symbol
    numbers = [int(part) + semitones for part in symbol.split(".")]
    if len(numbers) > 1:
        return ".".join(str(number % 12) for number in numbers)
    pitch = numbers[0]
    while not 0 <= pitch <= 127:
        pitch += 12 if pitch < 0 else -12
    return str(pitch)
