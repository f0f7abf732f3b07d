"""General MIDI level 1 (MMA RP-003): programs, families and the drum kit, with their English and Spanish names.

The one table of instruments. It imports nothing, so that a process that never reads a MIDI file can use it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Instrument:
    """A General MIDI program, or the drum kit.

    `number` is 0 to 127 for programs and 128 for the drum kit. `name` is the standard's name, which songs are stored
    with. `parameter_value` is the spelling that bundle manifests and generation requests use.
    """

    number: int
    name: str
    parameter_value: str
    spanish_name: str

    @property
    def search_name(self) -> str:
        """The name in lower case without parentheses, e.g. `acoustic guitar nylon`: what the converter's API lists."""
        return self.name.lower().translate({ord("("): None, ord(")"): None, ord("+"): "and"})


@dataclass(frozen=True, slots=True)
class Family:
    """Eight consecutive programs of one kind."""

    name: str
    spanish_name: str
    instruments: tuple[Instrument, ...]


_TABLE: Final = {
    ("Piano", "piano"): (
        ("Acoustic Grand Piano", "acoustic grand piano", "piano de cola"),
        ("Bright Acoustic Piano", "bright acoustic piano", "piano brillante"),
        ("Electric Grand Piano", "electric grand piano", "piano de cola eléctrico"),
        ("Honky-tonk Piano", "honky-tonk piano", "piano de cantina"),
        ("Electric Piano 1", "electric piano 1", "piano eléctrico 1"),
        ("Electric Piano 2", "electric piano 2", "piano eléctrico 2"),
        ("Harpsichord", "harpsichord", "clave"),
        ("Clavinet", "clavinet", "clavinet"),
    ),
    ("Chromatic Percussion", "percusión cromática"): (
        ("Celesta", "celesta", "celesta"),
        ("Glockenspiel", "glockenspiel", "carillón de concierto"),
        ("Music Box", "music box", "caja de música"),
        ("Vibraphone", "vibraphone", "vibráfono"),
        ("Marimba", "marimba", "marimba"),
        ("Xylophone", "xylophone", "xilófono"),
        ("Tubular Bells", "tubular bells", "campanas tubulares"),
        ("Dulcimer", "dulcimer", "dulcémele"),
    ),
    ("Organ", "órgano"): (
        ("Drawbar Organ", "drawbar organ", "órgano Hammond"),
        ("Percussive Organ", "percussive organ", "órgano percusivo"),
        ("Rock Organ", "rock organ", "órgano de rock"),
        ("Church Organ", "church organ", "órgano de iglesia"),
        ("Reed Organ", "reed organ", "armonio"),
        ("Accordion", "accordion", "acordeón"),
        ("Harmonica", "harmonica", "armónica"),
        ("Tango Accordion", "tango accordion", "bandoneón"),
    ),
    ("Guitar", "guitarra"): (
        ("Acoustic Guitar (nylon)", "nylon guitar", "guitarra española"),
        ("Acoustic Guitar (steel)", "steel guitar", "guitarra de cuerdas de acero"),
        ("Electric Guitar (jazz)", "jazz guitar", "guitarra de jazz"),
        ("Electric Guitar (clean)", "clean guitar", "guitarra eléctrica limpia"),
        ("Electric Guitar (muted)", "muted guitar", "guitarra apagada"),
        ("Overdriven Guitar", "overdriven guitar", "guitarra saturada"),
        ("Distortion Guitar", "distortion guitar", "guitarra distorsionada"),
        ("Guitar Harmonics", "guitar harmonics", "armónicos de guitarra"),
    ),
    ("Bass", "bajo"): (
        ("Acoustic Bass", "acoustic bass", "bajo acústico"),
        ("Electric Bass (finger)", "fingered bass", "bajo con dedos"),
        ("Electric Bass (pick)", "picked bass", "bajo con púa"),
        ("Fretless Bass", "fretless bass", "bajo sin trastes"),
        ("Slap Bass 1", "slap bass 1", "bajo slap 1"),
        ("Slap Bass 2", "slap bass 2", "bajo slap 2"),
        ("Synth Bass 1", "synth bass 1", "bajo sintético 1"),
        ("Synth Bass 2", "synth bass 2", "bajo sintético 2"),
    ),
    ("Strings", "cuerdas"): (
        ("Violin", "violin", "violín"),
        ("Viola", "viola", "viola"),
        ("Cello", "cello", "violonchelo"),
        ("Contrabass", "contrabass", "contrabajo"),
        ("Tremolo Strings", "tremolo strings", "cuerdas en trémolo"),
        ("Pizzicato Strings", "pizzicato strings", "cuerdas en pizzicato"),
        ("Orchestral Harp", "harp", "arpa"),
        ("Timpani", "timpani", "timbales"),
    ),
    ("Ensemble", "conjunto"): (
        ("String Ensemble 1", "string ensemble 1", "conjunto de cuerdas 1"),
        ("String Ensemble 2", "string ensemble 2", "conjunto de cuerdas 2"),
        ("Synth Strings 1", "synth strings 1", "cuerdas sintéticas 1"),
        ("Synth Strings 2", "synth strings 2", "cuerdas sintéticas 2"),
        ("Choir Aahs", "choir aahs", "coro (ah)"),
        ("Voice Oohs", "voice oohs", "voces (uh)"),
        ("Synth Voice", "synth voice", "voz sintética"),
        ("Orchestra Hit", "orchestra hit", "golpe de orquesta"),
    ),
    ("Brass", "metales"): (
        ("Trumpet", "trumpet", "trompeta"),
        ("Trombone", "trombone", "trombón"),
        ("Tuba", "tuba", "tuba"),
        ("Muted Trumpet", "muted trumpet", "trompeta con sordina"),
        ("French Horn", "french horn", "trompa"),
        ("Brass Section", "brass section", "sección de metales"),
        ("Synth Brass 1", "synth brass 1", "metales sintéticos 1"),
        ("Synth Brass 2", "synth brass 2", "metales sintéticos 2"),
    ),
    ("Reed", "lengüeta"): (
        ("Soprano Sax", "soprano sax", "saxo soprano"),
        ("Alto Sax", "alto sax", "saxo alto"),
        ("Tenor Sax", "tenor sax", "saxo tenor"),
        ("Baritone Sax", "baritone sax", "saxo barítono"),
        ("Oboe", "oboe", "oboe"),
        ("English Horn", "english horn", "corno inglés"),
        ("Bassoon", "bassoon", "fagot"),
        ("Clarinet", "clarinet", "clarinete"),
    ),
    ("Pipe", "flautas"): (
        ("Piccolo", "piccolo", "flautín"),
        ("Flute", "flute", "flauta"),
        ("Recorder", "recorder", "flauta dulce"),
        ("Pan Flute", "pan flute", "flauta de Pan"),
        ("Blown Bottle", "blown bottle", "botella soplada"),
        ("Shakuhachi", "shakuhachi", "shakuhachi"),
        ("Whistle", "whistle", "silbido"),
        ("Ocarina", "ocarina", "ocarina"),
    ),
    ("Synth Lead", "solista sintético"): (
        ("Lead 1 (square)", "square lead", "solista cuadrada"),
        ("Lead 2 (sawtooth)", "sawtooth lead", "solista de sierra"),
        ("Lead 3 (calliope)", "calliope lead", "solista de calíope"),
        ("Lead 4 (chiff)", "chiff lead", "solista chiff"),
        ("Lead 5 (charang)", "charang lead", "solista de charango"),
        ("Lead 6 (voice)", "voice lead", "solista de voz"),
        ("Lead 7 (fifths)", "fifths lead", "solista en quintas"),
        ("Lead 8 (bass + lead)", "bass and lead", "bajo y solista"),
    ),
    ("Synth Pad", "fondo sintético"): (
        ("Pad 1 (new age)", "new age pad", "fondo new age"),
        ("Pad 2 (warm)", "warm pad", "fondo cálido"),
        ("Pad 3 (polysynth)", "polysynth pad", "fondo polifónico"),
        ("Pad 4 (choir)", "choir pad", "fondo de coro"),
        ("Pad 5 (bowed)", "bowed pad", "fondo de arco"),
        ("Pad 6 (metallic)", "metallic pad", "fondo metálico"),
        ("Pad 7 (halo)", "halo pad", "fondo de halo"),
        ("Pad 8 (sweep)", "sweep pad", "fondo de barrido"),
    ),
    ("Synth Effects", "efectos sintéticos"): (
        ("FX 1 (rain)", "rain", "lluvia"),
        ("FX 2 (soundtrack)", "soundtrack", "banda sonora"),
        ("FX 3 (crystal)", "crystal", "cristal"),
        ("FX 4 (atmosphere)", "atmosphere", "atmósfera"),
        ("FX 5 (brightness)", "brightness", "brillo"),
        ("FX 6 (goblins)", "goblins", "duendes"),
        ("FX 7 (echoes)", "echoes", "ecos"),
        ("FX 8 (sci-fi)", "sci-fi", "ciencia ficción"),
    ),
    ("Ethnic", "étnicos"): (
        ("Sitar", "sitar", "sitar"),
        ("Banjo", "banjo", "banjo"),
        ("Shamisen", "shamisen", "shamisen"),
        ("Koto", "koto", "koto"),
        ("Kalimba", "kalimba", "kalimba"),
        ("Bagpipe", "bagpipe", "gaita"),
        ("Fiddle", "fiddle", "violín folk"),
        ("Shanai", "shanai", "shanai"),
    ),
    ("Percussive", "percusión"): (
        ("Tinkle Bell", "tinkle bell", "campanilla"),
        ("Agogo", "agogo", "agogó"),
        ("Steel Drums", "steel drums", "tambores metálicos"),
        ("Woodblock", "woodblock", "caja china"),
        ("Taiko Drum", "taiko drum", "taiko"),
        ("Melodic Tom", "melodic tom", "tom melódico"),
        ("Synth Drum", "synth drum", "batería sintética"),
        ("Reverse Cymbal", "reverse cymbal", "platillo al revés"),
    ),
    ("Sound Effects", "efectos de sonido"): (
        ("Guitar Fret Noise", "guitar fret noise", "ruido de trastes"),
        ("Breath Noise", "breath noise", "respiración"),
        ("Seashore", "seashore", "orilla del mar"),
        ("Bird Tweet", "bird tweet", "canto de pájaro"),
        ("Telephone Ring", "telephone ring", "teléfono"),
        ("Helicopter", "helicopter", "helicóptero"),
        ("Applause", "applause", "aplausos"),
        ("Gunshot", "gunshot", "disparo"),
    ),
}

FAMILIES: Final = tuple(
    Family(name, spanish, tuple(Instrument(8 * place + at, *row) for at, row in enumerate(rows)))
    for place, ((name, spanish), rows) in enumerate(_TABLE.items())
)
#: The 128 programs by number.
INSTRUMENTS: Final = tuple(instrument for family in FAMILIES for instrument in family.instruments)
#: The kit on the drum channel; its number follows the programs' in stored songs and in the gRPC contract.
DRUM_KIT: Final = Instrument(128, "Drum Kit", "drum kit", "batería")
#: MIDI channel of the drum kit, counted from 0.
DRUM_CHANNEL: Final = 9

#: Short names that people use, and the program each one stands for.
_ALIASES: Final = {
    "piano": 0,
    "organ": 19,
    "guitar": 24,
    "bass": 33,
    "harp": 46,
    "strings": 48,
    "choir": 52,
    "saxophone": 65,
}


def find_program(text: str) -> int:
    """Return the program (0 to 127) of a name in any spelling, an alias, or a number from 1 to 128.

    Raises ValueError.
    """
    key = _normalised(text)
    if key.isdecimal():
        number = int(key)
        if 1 <= number <= len(INSTRUMENTS):
            return number - 1
    elif key in _NUMBERS:
        return _NUMBERS[key]
    raise ValueError(
        f"`{text}` is not a General MIDI instrument: use a name such as `violin`, or a number from 1 to 128"
    )


def instrument_names(numbers: Iterable[int]) -> list[str]:
    """Return the standard names of instruments given by number (0 to 128), without duplicates, in ascending order."""
    return [(*INSTRUMENTS, DRUM_KIT)[number].name for number in sorted(set(numbers))]


def _normalised(text: str) -> str:
    return " ".join(re.sub(r"[^a-z0-9]+", " ", text.lower().replace("+", " and ")).split())


_NUMBERS: Final = (
    {_normalised(instrument.parameter_value): instrument.number for instrument in INSTRUMENTS}
    | {_normalised(instrument.search_name): instrument.number for instrument in INSTRUMENTS}
    | _ALIASES
)
