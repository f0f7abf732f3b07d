"""Names of parts in Spanish: those that our models and General MIDI give to tracks."""

from typing import Final

from euterpe_music.default_titles import Language
from euterpe_music.general_midi import DRUM_KIT, INSTRUMENTS

#: Parts of ensemble models (`note_events.instruments`) that are not named or not translated as in General MIDI.
SPANISH_PARTS: Final = {
    "soprano saxophone": "saxofón soprano", "alto saxophone": "saxofón alto", "tenor saxophone": "saxofón tenor",
    "baritone saxophone": "saxofón barítono", "voice": "voz", "lead synth": "sintetizador solista",
    "bells": "campanas", "plucked folk strings": "cuerda pulsada popular", "fiddle": "violín popular",
    "steel guitar": "guitarra acústica", "clean electric guitar": "guitarra eléctrica limpia",
    "distorted guitar": "guitarra con distorsión", "piano": "piano", "electric piano": "piano eléctrico",
    "electric organ": "órgano eléctrico", "synth pad": "colchón de sintetizador",
    "synth effects": "efectos de sintetizador", "string ensemble": "conjunto de cuerdas",
    "electric bass": "bajo eléctrico", "synth bass": "bajo de sintetizador",
    "percussion instruments": "instrumentos de percusión", "drums": "batería",
}  # fmt: skip
_TRACKS: Final = {"melody": "melodía", "accompaniment": "acompañamiento"}
_SPANISH: Final = (
    {
        name.lower(): one.spanish_name
        for one in (*INSTRUMENTS, DRUM_KIT)
        for name in (one.name, one.search_name, one.parameter_value)
    }
    | SPANISH_PARTS
    | _TRACKS
)


def translated_part_name(name: str, language: Language) -> str:
    """Return a part's name, such as `Violin 2`, in a language; names that a user chose stay as they are."""
    if language == "en":
        return name
    key = name.lower()
    stem, _, number = key.rpartition(" ")
    if key in _SPANISH:
        translation = _SPANISH[key]
    elif number.isdecimal() and stem in _SPANISH:
        translation = f"{_SPANISH[stem]} {number}"
    else:
        return name
    return translation[:1].upper() + translation[1:]
