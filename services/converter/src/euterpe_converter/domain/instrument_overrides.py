"""The 128 instruments of General MIDI 1, by name."""

import re

#: In the order of their programs, 0 to 127.
GENERAL_MIDI: tuple[str, ...] = (
    *("acoustic grand piano", "bright acoustic piano", "electric grand piano", "honky-tonk piano"),
    *("electric piano 1", "electric piano 2", "harpsichord", "clavinet"),
    *("celesta", "glockenspiel", "music box", "vibraphone", "marimba", "xylophone", "tubular bells", "dulcimer"),
    *("drawbar organ", "percussive organ", "rock organ", "church organ"),
    *("reed organ", "accordion", "harmonica", "tango accordion"),
    *("acoustic guitar nylon", "acoustic guitar steel", "electric guitar jazz", "electric guitar clean"),
    *("electric guitar muted", "overdriven guitar", "distortion guitar", "guitar harmonics"),
    *("acoustic bass", "electric bass finger", "electric bass pick", "fretless bass"),
    *("slap bass 1", "slap bass 2", "synth bass 1", "synth bass 2"),
    *("violin", "viola", "cello", "contrabass"),
    *("tremolo strings", "pizzicato strings", "orchestral harp", "timpani"),
    *("string ensemble 1", "string ensemble 2", "synth strings 1", "synth strings 2"),
    *("choir aahs", "voice oohs", "synth voice", "orchestra hit"),
    *("trumpet", "trombone", "tuba", "muted trumpet", "french horn", "brass section", "synth brass 1", "synth brass 2"),
    *("soprano sax", "alto sax", "tenor sax", "baritone sax", "oboe", "english horn", "bassoon", "clarinet"),
    *("piccolo", "flute", "recorder", "pan flute", "blown bottle", "shakuhachi", "whistle", "ocarina"),
    *("lead 1 square", "lead 2 sawtooth", "lead 3 calliope", "lead 4 chiff"),
    *("lead 5 charang", "lead 6 voice", "lead 7 fifths", "lead 8 bass and lead"),
    *("pad 1 new age", "pad 2 warm", "pad 3 polysynth", "pad 4 choir"),
    *("pad 5 bowed", "pad 6 metallic", "pad 7 halo", "pad 8 sweep"),
    *("fx 1 rain", "fx 2 soundtrack", "fx 3 crystal", "fx 4 atmosphere"),
    *("fx 5 brightness", "fx 6 goblins", "fx 7 echoes", "fx 8 sci-fi"),
    *("sitar", "banjo", "shamisen", "koto", "kalimba", "bagpipe", "fiddle", "shanai"),
    *("tinkle bell", "agogo", "steel drums", "woodblock", "taiko drum", "melodic tom", "synth drum", "reverse cymbal"),
    *("guitar fret noise", "breath noise", "seashore", "bird tweet"),
    *("telephone ring", "helicopter", "applause", "gunshot"),
)

#: What people say.
_ALIASES = {
    "piano": 0,
    "organ": 19,
    "guitar": 24,
    "bass": 33,
    "harp": 46,
    "strings": 48,
    "choir": 52,
    "saxophone": 65,
}

_DRUM_CHANNEL = 9
_CHOICE = re.compile(r"(?:(\d{1,2}):)?([\w \-()+.']{1,40})", re.ASCII)


def program_of(name: str) -> int:
    """The program (0 to 127) of an instrument, given by its name or by its number 1 to 128. Raises ValueError."""
    plain = " ".join(re.sub(r"[^a-z0-9]+", " ", name.lower()).split())
    if plain.isdecimal():
        number = int(plain)
        if 1 <= number <= len(GENERAL_MIDI):
            return number - 1
    elif plain in _ALIASES:
        return _ALIASES[plain]
    elif plain in _PROGRAMS:
        return _PROGRAMS[plain]
    raise ValueError(f"`{name}` is no instrument of General MIDI (a name such as `violin`, or 1 to 128)")


def parse_choices(choices: list[str]) -> tuple[tuple[int, int], ...]:
    """`violin` for every melodic channel, `3:cello` for the third: pairs of channel and program from 0.

    Choices for one channel come before those for all. Raises ValueError with what is wrong.
    """
    programs: dict[int, int] = {}
    special: dict[int, int] = {}
    for choice in choices:
        match = _CHOICE.fullmatch(choice.strip())
        if match is None:
            raise ValueError(f"`{choice[:50]}` is neither an instrument nor `channel:instrument`")
        program = program_of(match[2])
        if match[1] is None:
            programs = {channel: program for channel in range(16) if channel != _DRUM_CHANNEL}
            continue
        channel = int(match[1]) - 1
        if not 0 <= channel < 16 or channel == _DRUM_CHANNEL:
            raise ValueError(f"channel {match[1]} has no instrument: 1 to 16 have, but for 10, the drums")
        special[channel] = program
    return tuple(sorted((programs | special).items()))


_PROGRAMS = {" ".join(re.sub(r"[^a-z0-9]+", " ", name).split()): number for number, name in enumerate(GENERAL_MIDI)}
