"""Reduce General MIDI's programs to some fifty instruments, and number the parts that several players share."""

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Instrument:
    """An instrument: its programs in General MIDI (the first is played), and how many separate parts it may have.

    Instruments that play chords have one part, which takes up all their tracks (both hands of a piano, for example).
    """

    name: str
    programs: tuple[int, ...]
    parts: int = 1


# Listed in the order of a score: high to low within each family, drums last.
INSTRUMENTS = (
    Instrument("piccolo", (72,)),
    Instrument("flute", (73,), 2),
    Instrument("recorder", (74, 75, 76, 77, 78, 79)),
    Instrument("oboe", (68,), 2),
    Instrument("english horn", (69,)),
    Instrument("clarinet", (71,), 2),
    Instrument("bassoon", (70,), 2),
    Instrument("soprano saxophone", (64,)),
    Instrument("alto saxophone", (65,)),
    Instrument("tenor saxophone", (66,)),
    Instrument("baritone saxophone", (67,)),
    Instrument("trumpet", (56, 59), 2),
    Instrument("french horn", (60,), 2),
    Instrument("trombone", (57,), 2),
    Instrument("tuba", (58,)),
    Instrument("brass section", (61, 62, 63)),
    Instrument("voice", (53, 52, 54, 85, 91), 4),
    Instrument("lead synth", (80, 81, 82, 83, 84, 86, 87)),
    Instrument("music box", (10, 8, 9)),
    Instrument("vibraphone", (11,)),
    Instrument("marimba", (12,)),
    Instrument("xylophone", (13,)),
    Instrument("bells", (14, 112, 113)),
    Instrument("dulcimer", (15,)),
    Instrument("harmonica", (22,)),
    Instrument("accordion", (21, 23)),
    Instrument("plucked folk strings", (105, 104, 106, 107, 108)),
    Instrument("fiddle", (110, 109, 111)),
    Instrument("nylon guitar", (24,)),
    Instrument("steel guitar", (25,)),
    Instrument("jazz guitar", (26,)),
    Instrument("clean electric guitar", (27, 28)),
    Instrument("distorted guitar", (30, 29, 31)),
    Instrument("harp", (46,)),
    Instrument("harpsichord", (6,)),
    Instrument("piano", (0, 1, 2, 3)),
    Instrument("electric piano", (4, 5)),
    Instrument("clavinet", (7,)),
    Instrument("church organ", (19, 20)),
    Instrument("electric organ", (16, 17, 18)),
    Instrument("synth pad", (88, 89, 90, 92, 93, 94, 95)),
    Instrument("synth effects", (96, 97, 98, 99, 100, 101, 102, 103)),
    Instrument("string ensemble", (48, 49, 50, 51, 44)),
    Instrument("pizzicato strings", (45,)),
    Instrument("violin", (40,), 2),
    Instrument("viola", (41,), 2),
    Instrument("cello", (42,), 2),
    Instrument("contrabass", (43,)),
    Instrument("acoustic bass", (32,)),
    Instrument("electric bass", (33, 34, 35)),
    Instrument("synth bass", (38, 36, 37, 39)),
    Instrument("timpani", (47,)),
    Instrument("percussion instruments", (117, 114, 115, 116, 118, 119)),
    Instrument("orchestra hit", (55,)),
    Instrument("drums", ()),
)
DRUMS = len(INSTRUMENTS) - 1
# Sound effects (guitar noise, birdsong, gunshot and the like) are not music that can be learned from notes.
DROPPED_PROGRAMS = frozenset(range(120, 128))

PARTS: tuple[tuple[int, int], ...] = tuple(
    (number, index) for number, instrument in enumerate(INSTRUMENTS) for index in range(instrument.parts)
)
PART_COUNT = len(PARTS)
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
