"""Reduce General MIDI's programs to some fifty instruments, and number the parts that several players share."""

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Instrument:
    """An instrument: its programs in General MIDI (the first is played), and how many separate parts it may have.

    Instruments that play chords have one part, which takes up all their tracks (both hands of a piano, for example).
    `notes` is how many a player begins at once at most; that of chord instruments holds for at least 99 % of the chords
    in the corpora. Scores unite players, so that winds have two notes in a quarter of them. `range` is its lowest
    and its highest MIDI pitch in the key in which music is composed; few notes of the corpora are beyond it.
    """

    name: str
    programs: tuple[int, ...]
    parts: int = 1
    notes: int = 8
    range: tuple[int, int] = (21, 108)


# Listed in the order of a score: high to low within each family, drums last.
INSTRUMENTS = (
    Instrument("piccolo", (72,), notes=1, range=(60, 108)),
    Instrument("flute", (73,), 2, notes=1, range=(59, 98)),
    Instrument("recorder", (74, 75, 76, 77, 78, 79), notes=1, range=(55, 98)),
    Instrument("oboe", (68,), 2, notes=1, range=(58, 93)),
    Instrument("english horn", (69,), notes=1, range=(52, 84)),
    Instrument("clarinet", (71,), 2, notes=1, range=(50, 94)),
    Instrument("bassoon", (70,), 2, notes=1, range=(34, 77)),
    Instrument("soprano saxophone", (64,), notes=1, range=(56, 91)),
    Instrument("alto saxophone", (65,), notes=1, range=(49, 84)),
    Instrument("tenor saxophone", (66,), notes=1, range=(44, 82)),
    Instrument("baritone saxophone", (67,), notes=1, range=(36, 80)),
    Instrument("trumpet", (56, 59), 2, notes=1, range=(52, 88)),
    Instrument("french horn", (60,), 2, notes=1, range=(34, 79)),
    Instrument("trombone", (57,), 2, notes=1, range=(34, 77)),
    Instrument("tuba", (58,), notes=1, range=(24, 69)),
    Instrument("brass section", (61, 62, 63), notes=4, range=(34, 88)),
    Instrument("voice", (53, 52, 54, 85, 91), 4, notes=1, range=(36, 88)),
    Instrument("lead synth", (80, 81, 82, 83, 84, 86, 87), notes=2, range=(36, 96)),
    Instrument("music box", (10, 8, 9), notes=4, range=(55, 108)),
    Instrument("vibraphone", (11,), notes=4, range=(48, 93)),
    Instrument("marimba", (12,), notes=4, range=(36, 96)),
    Instrument("xylophone", (13,), notes=4, range=(48, 108)),
    Instrument("bells", (14, 112, 113), notes=4, range=(48, 108)),
    Instrument("dulcimer", (15,), notes=2, range=(40, 96)),
    Instrument("harmonica", (22,), notes=4, range=(48, 96)),
    Instrument("accordion", (21, 23), notes=5, range=(36, 96)),
    Instrument("plucked folk strings", (105, 104, 106, 107, 108), notes=4, range=(36, 96)),
    Instrument("fiddle", (110, 109, 111), notes=2, range=(55, 103)),
    Instrument("nylon guitar", (24,), notes=6, range=(40, 88)),
    Instrument("steel guitar", (25,), notes=6, range=(38, 88)),
    Instrument("jazz guitar", (26,), notes=6, range=(38, 88)),
    Instrument("clean electric guitar", (27, 28), notes=6, range=(38, 88)),
    Instrument("distorted guitar", (30, 29, 31), notes=6, range=(36, 88)),
    Instrument("harp", (46,), range=(24, 103)),
    Instrument("harpsichord", (6,), notes=6, range=(29, 91)),
    Instrument("piano", (0, 1, 2, 3)),
    Instrument("electric piano", (4, 5), notes=6, range=(24, 104)),
    Instrument("clavinet", (7,), notes=6, range=(29, 96)),
    Instrument("church organ", (19, 20), range=(24, 100)),
    Instrument("electric organ", (16, 17, 18), notes=6, range=(24, 100)),
    Instrument("synth pad", (88, 89, 90, 92, 93, 94, 95), notes=6, range=(24, 100)),
    Instrument("synth effects", (96, 97, 98, 99, 100, 101, 102, 103), notes=6, range=(24, 100)),
    Instrument("string ensemble", (48, 49, 50, 51, 44), notes=6, range=(28, 103)),
    Instrument("pizzicato strings", (45,), notes=6, range=(28, 100)),
    Instrument("violin", (40,), 2, notes=2, range=(55, 103)),
    Instrument("viola", (41,), 2, notes=2, range=(48, 93)),
    Instrument("cello", (42,), 2, notes=2, range=(36, 88)),
    Instrument("contrabass", (43,), notes=1, range=(24, 74)),
    Instrument("acoustic bass", (32,), notes=1, range=(24, 74)),
    Instrument("electric bass", (33, 34, 35), notes=1, range=(23, 76)),
    Instrument("synth bass", (38, 36, 37, 39), notes=1, range=(23, 76)),
    Instrument("timpani", (47,), notes=2, range=(29, 62)),
    Instrument("percussion instruments", (117, 114, 115, 116, 118, 119), notes=4, range=(24, 100)),
    Instrument("orchestra hit", (55,), notes=6, range=(36, 96)),
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
#: The lowest and the highest pitch of each part.
PART_RANGES = tuple(INSTRUMENTS[number].range for number, _ in PARTS)
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
