"""Reduce General MIDI's programs to some fifty instruments, and number the parts that several players share."""

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Instrument:
    """An instrument: its programs in General MIDI (the first is played), and how many separate parts it may have.

    Instruments that play chords have one part, which takes up all their tracks (both hands of a piano, for example).
    `notes` is how many a player begins at once at most; that of chord instruments holds for at least 99 % of the chords
    in the corpora. Scores unite players, so that single winds have two notes in a quarter of them.
    """

    name: str
    programs: tuple[int, ...]
    parts: int = 1
    notes: int = 8


# Listed in the order of a score: high to low within each family, drums last.
INSTRUMENTS = (
    Instrument("piccolo", (72,), notes=1),
    Instrument("flute", (73,), 2, notes=1),
    Instrument("recorder", (74, 75, 76, 77, 78, 79), notes=1),
    Instrument("oboe", (68,), 2, notes=1),
    Instrument("english horn", (69,), notes=1),
    Instrument("clarinet", (71,), 2, notes=1),
    Instrument("bassoon", (70,), 2, notes=1),
    Instrument("soprano saxophone", (64,), notes=1),
    Instrument("alto saxophone", (65,), notes=1),
    Instrument("tenor saxophone", (66,), notes=1),
    Instrument("baritone saxophone", (67,), notes=1),
    Instrument("trumpet", (56, 59), 2, notes=1),
    Instrument("french horn", (60,), 2, notes=1),
    Instrument("trombone", (57,), 2, notes=1),
    Instrument("tuba", (58,), notes=1),
    Instrument("brass section", (61, 62, 63), notes=4),
    Instrument("voice", (53, 52, 54, 85, 91), 4, notes=1),
    Instrument("lead synth", (80, 81, 82, 83, 84, 86, 87), notes=2),
    Instrument("music box", (10, 8, 9), notes=4),
    Instrument("vibraphone", (11,), notes=4),
    Instrument("marimba", (12,), notes=4),
    Instrument("xylophone", (13,), notes=4),
    Instrument("bells", (14, 112, 113), notes=4),
    Instrument("dulcimer", (15,), notes=2),
    Instrument("harmonica", (22,), notes=4),
    Instrument("accordion", (21, 23), notes=5),
    Instrument("plucked folk strings", (105, 104, 106, 107, 108), notes=4),
    Instrument("fiddle", (110, 109, 111), notes=2),
    Instrument("nylon guitar", (24,), notes=6),
    Instrument("steel guitar", (25,), notes=6),
    Instrument("jazz guitar", (26,), notes=6),
    Instrument("clean electric guitar", (27, 28), notes=6),
    Instrument("distorted guitar", (30, 29, 31), notes=6),
    Instrument("harp", (46,)),
    Instrument("harpsichord", (6,), notes=6),
    Instrument("piano", (0, 1, 2, 3)),
    Instrument("electric piano", (4, 5), notes=6),
    Instrument("clavinet", (7,), notes=6),
    Instrument("church organ", (19, 20)),
    Instrument("electric organ", (16, 17, 18), notes=6),
    Instrument("synth pad", (88, 89, 90, 92, 93, 94, 95), notes=6),
    Instrument("synth effects", (96, 97, 98, 99, 100, 101, 102, 103), notes=6),
    Instrument("string ensemble", (48, 49, 50, 51, 44), notes=6),
    Instrument("pizzicato strings", (45,), notes=6),
    Instrument("violin", (40,), 2, notes=2),
    Instrument("viola", (41,), 2, notes=2),
    Instrument("cello", (42,), 2, notes=2),
    Instrument("contrabass", (43,), notes=1),
    Instrument("acoustic bass", (32,), notes=1),
    Instrument("electric bass", (33, 34, 35), notes=1),
    Instrument("synth bass", (38, 36, 37, 39), notes=1),
    Instrument("timpani", (47,), notes=2),
    Instrument("percussion instruments", (117, 114, 115, 116, 118, 119), notes=4),
    Instrument("orchestra hit", (55,), notes=6),
    Instrument("drums", ()),
)
DRUMS = len(INSTRUMENTS) - 1
# Sound effects (guitar noise, birdsong, gunshot and the like) are not music that can be learned from notes.
DROPPED_PROGRAMS = frozenset(range(120, 128))

PARTS: tuple[tuple[int, int], ...] = tuple(
    (number, index) for number, instrument in enumerate(INSTRUMENTS) for index in range(instrument.parts)
)
PART_COUNT = len(PARTS)
#: How many notes each part begins at once at most.
PART_NOTES = tuple(INSTRUMENTS[number].notes for number, _ in PARTS)
DRUM_PART = PARTS.index((DRUMS, 0))


@cache
def instrument_of_program(program: int) -> int | None:
    """Return the instrument that stands for a General MIDI program, or None for sound effects."""
    if program in DROPPED_PROGRAMS:
        return None
    return next(number for number, instrument in enumerate(INSTRUMENTS) if program in instrument.programs)


@cache
def part_number(instrument: int, index: int) -> int:
    """Return the number of an instrument's part, counted from 0; parts beyond the last are the last."""
    return PARTS.index((instrument, min(index, INSTRUMENTS[instrument].parts - 1)))


def part_instrument(part: int) -> str:
    """Return the name of the instrument that plays a part."""
    return INSTRUMENTS[PARTS[part][0]].name


def part_name(part: int) -> str:
    """Return a part's name, with its number where its instrument has several: `violin 2`."""
    instrument, index = PARTS[part]
    name = INSTRUMENTS[instrument].name
    return f"{name} {index + 1}" if INSTRUMENTS[instrument].parts > 1 else name


def part_program(part: int) -> int:
    """Return the General MIDI program that plays a part; 0 for drums, which have a channel of their own."""
    programs = INSTRUMENTS[PARTS[part][0]].programs
    return programs[0] if programs else 0
