"""Descriptions of pieces in words, English or Spanish: "a sad waltz for strings in D minor, 40 seconds".

The vocabulary is documented in docs/guides/words.md. Nothing else is understood: words that are not in it are returned,
so that people see what was not used.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Literal

from euterpe_music.general_midi import FAMILIES, INSTRUMENTS

Facet = Literal["key", "mode", "tempo", "density", "meter", "style", "instrument", "seconds", "bars", "adventure"]

MAX_DESCRIPTION_LENGTH: Final = 500

#: Word → mode, tempo in quarters per minute, density and adventure: moods and manners of playing.
_MOODS: Final[dict[str, dict[Facet, Any]]] = {
    "sad, melancholic, mournful, triste, melancolico, melancolica": {"mode": "minor", "tempo": 72, "density": "low"},
    "dark, gloomy, oscuro, oscura, sombrio, sombria": {"mode": "minor", "tempo": 84},
    "happy, cheerful, joyful, merry, alegre, feliz": {"mode": "major", "tempo": 126},
    "bright, luminoso, luminosa": {"mode": "major"},
    "calm, quiet, gentle, peaceful, soft, relaxing, tranquilo, tranquila, suave, sereno, serena": {
        "tempo": 72, "density": "low",
    },
    "dreamy, sonador, sonadora": {"tempo": 66, "density": "low"},
    "romantic mood, tender, tierno, tierna": {"tempo": 80},
    "lively, energetic, animado, animada, energico, energica": {"tempo": 144, "density": "high"},
    "slow, adagio, lento, lenta": {"tempo": 66},
    "moderate, andante, moderado, moderada": {"tempo": 96},
    "fast, quick, allegro, rapido, rapida": {"tempo": 152},
    "presto, very fast, muy rapido, muy rapida": {"tempo": 176},
    "very slow, largo, muy lento, muy lenta": {"tempo": 50},
    "sparse, simple, sencillo, sencilla, ralo, rala": {"density": "low"},
    "dense, busy, denso, densa": {"density": "high"},
    "safe, predictable, prudente, previsible": {"adventure": "low"},
    "bold, wild, adventurous, surprising, experimental, atrevido, atrevida, sorprendente": {"adventure": "high"},
    "minor, menor": {"mode": "minor"},
    "major, mayor": {"mode": "major"},
}  # fmt: skip

#: Words → style, with the meter of a dance.
_STYLES: Final[dict[str, dict[Facet, Any]]] = {
    "waltz, waltzes, vals, valses": {"style": "waltzes", "meter": "3/4"},
    "jig, jigs, jiga, jigas": {"style": "jigs", "meter": "6/8"},
    "slip jig, slip jigs, jiga slip": {"style": "slip", "meter": "9/8"},
    "reel, reels": {"style": "reels", "meter": "4/4"},
    "hornpipe, hornpipes": {"style": "hpps", "meter": "4/4"},
    "morris, morris dance, danza morris": {"style": "morris", "meter": "4/4"},
    "country dance, contradanza, playford": {"style": "playford"},
    "christmas, christmas tune, carol, navidad, villancico": {"style": "xmas"},
    "folk, folk tune, folk song, traditional, tradicional": {"style": "folk"},
    "pop, pop song, cancion pop": {"style": "pop"},
    "jazz, swing": {"style": "jazz"},
    "classical, clasico, clasica": {"style": "classical"},
    "baroque, barroco, barroca": {"style": "baroque"},
    "romantic, romantico, romantica": {"style": "romantic"},
    "renaissance, renacentista": {"style": "renaissance"},
    "march, marcha": {"style": "march", "meter": "4/4"},
    "minuet, minue, minueto": {"style": "minuet", "meter": "3/4"},
}

#: Everyday names, and the General MIDI instrument that they mean; its own names are understood, too.
_INSTRUMENTS: Final = {
    "piano, grand piano": "acoustic grand piano",
    "guitar, guitarra, acoustic guitar, guitarra acustica, guitarra espanola": "acoustic guitar (nylon)",
    "electric guitar, guitarra electrica": "electric guitar (clean)",
    "bass, bajo": "acoustic bass",
    "strings, string orchestra, cuerdas, cuerda, orquesta de cuerda": "string ensemble 1",
    "choir, coro": "choir aahs",
    "organ, organo": "church organ",
    "horn, trompa": "french horn",
    "sax, saxophone, saxofon": "alto sax",
    "harp, arpa": "orchestral harp",
    "accordion, acordeon": "accordion",
    "violin folk": "fiddle",
    "drums, bateria": "drum kit",
}
#: Words that carry no meaning of their own.
_FILLERS: Final = frozenset({
    "a", "an", "and", "for", "in", "of", "with", "by", "the", "piece", "music", "song", "tune", "melody", "played",
    "long", "about", "around", "style", "like", "it", "me", "my", "please", "write", "compose", "make", "some",
    "that", "is", "lasting", "key", "tempo", "at", "to", "from",
    "un", "una", "unos", "unas", "y", "e", "para", "en", "de", "del", "con", "por", "el", "la", "los", "las", "pieza",
    "musica", "cancion", "melodia", "tocado", "tocada", "larga", "estilo", "como", "componer", "haz", "hazme",
    "escribe", "que", "dura", "dure", "tonalidad", "al", "sobre", "duracion", "aproximadamente",
})  # fmt: skip
_NUMBERS: Final = {
    "one": 1, "two": 2, "three": 3, "four": 4, "eight": 8, "sixteen": 16, "twenty": 20, "thirty": 30, "forty": 40,
    "sixty": 60, "half a": 0.5, "un": 1, "una": 1, "dos": 2, "tres": 3, "cuatro": 4, "ocho": 8, "dieciseis": 16,
    "veinte": 20, "treinta": 30, "cuarenta": 40, "sesenta": 60, "medio": 0.5,
}  # fmt: skip
_SPANISH_NOTES: Final = {"do": "C", "re": "D", "mi": "E", "fa": "F", "sol": "G", "la": "A", "si": "B"}
_FLATS: Final = {"C#": "Db", "D#": "Eb", "G#": "Ab", "A#": "Bb", "Gb": "F#"}

_NUMBER = rf"(?P<number>\d+(?:[.,]\d+)?|{'|'.join(_NUMBERS)})"
_ACCIDENTAL = r"(?:[ -]?(?P<accidental>flat|sharp|bemol|sostenido)|(?P<sign>[#b♯♭]))?"
_MODE = r"(?P<mode>major|minor|mayor|menor)"
#: Patterns are tried in this order, before single words.
_PATTERNS: Final = (
    ("seconds", re.compile(rf"\b{_NUMBER}[ -]?(?P<unit>seconds?|secs?|s|segundos?|minutes?|mins?|minutos?)\b")),
    ("bars", re.compile(rf"\b{_NUMBER}[ -]?(?:bars?|measures?|compases|compas)\b")),
    ("tempo", re.compile(r"\b(?P<number>\d{2,3}) ?(?:bpm|ppm|beats per minute|pulsaciones por minuto)\b")),
    ("meter", re.compile(r"(?<!\d)(?P<meter>[2-9]/[48]|12/8)(?!\d)")),
    ("key", re.compile(rf"\b(?P<letter>[a-g]){_ACCIDENTAL}[ -]{_MODE}\b")),
    ("key", re.compile(rf"\b(?P<note>do|re|mi|fa|sol|la|si){_ACCIDENTAL}[ -]{_MODE}\b")),
    ("key", re.compile(r"\b(?:in|key of) (?P<letter>[b-g])(?P<sign>[#b♯♭])?(?![\w-])")),
)


@dataclass(frozen=True, slots=True)
class Understood:
    """A part of a description as it was written, and the facets that it sets."""

    text: str
    facets: Mapping[Facet, Any]


@dataclass(frozen=True, slots=True)
class Description:
    """What was understood of a description, in its order, and the words that were not."""

    understood: tuple[Understood, ...]
    unknown: tuple[str, ...]

    def value(self, facet: Facet) -> Any:
        """Return the last value of a facet, or None."""
        values = [part.facets[facet] for part in self.understood if facet in part.facets]
        return values[-1] if values else None

    @property
    def instruments(self) -> tuple[str, ...]:
        """The instruments in their order, by the names of generation requests."""
        return tuple(part.facets["instrument"] for part in self.understood if "instrument" in part.facets)


def interpret(text: str, styles: Mapping[str, str] | None = None) -> Description:
    """Return what a description says.

    `styles` maps further names of styles, such as those of composers, in lower case to their values.
    """
    plain = _plain(text)
    phrases = _PHRASES | {_plain(name): {"style": value} for name, value in (styles or {}).items()}
    found: list[tuple[int, int, Mapping[Facet, Any]]] = []
    taken = [False] * len(plain)
    for facet, pattern in _PATTERNS:
        for match in pattern.finditer(plain):
            if not any(taken[match.start() : match.end()]):
                found.append((match.start(), match.end(), _facets_of(facet, match)))
                taken[match.start() : match.end()] = [True] * (match.end() - match.start())
    words = [match.span() for match in re.finditer(r"[\w'-]+", plain) if not any(taken[slice(*match.span())])]
    unknown: list[str] = []
    index = 0
    while index < len(words):
        size = next(
            (
                size
                for size in range(min(4, len(words) - index), 0, -1)
                if _phrase(plain, words[index : index + size]) in phrases
            ),
            0,
        )
        start, end = words[index][0], words[index + max(size, 1) - 1][1]
        if size:
            found.append((start, end, phrases[_phrase(plain, words[index : index + size]) or ""]))
        elif plain[start:end] not in _FILLERS:
            unknown.append(text[start:end])
        index += max(size, 1)
    understood = tuple(Understood(text[start:end], facets) for start, end, facets in sorted(found, key=lambda f: f[:2]))
    return Description(understood, tuple(unknown))


def _plain(text: str) -> str:
    """Return the text in lower case without accents, character by character, so that positions stay."""
    return "".join(unicodedata.normalize("NFD", character)[0] for character in text).lower()


def _phrase(plain: str, words: list[tuple[int, int]]) -> str | None:
    """Return adjacent words as a phrase; None if something else is between them."""
    gaps = [plain[one[1] : other[0]] for one, other in pairwise(words)]
    return " ".join(plain[slice(*word)] for word in words) if all(gap.isspace() for gap in gaps) else None


def _facets_of(facet: str, match: re.Match[str]) -> dict[Facet, Any]:
    groups = match.groupdict()
    if facet == "meter":
        return {"meter": groups["meter"]}
    if facet == "key":
        return _key_facets(groups)
    written = groups["number"].replace(",", ".")
    number = _NUMBERS.get(written)
    value = float(written) if number is None else float(number)
    if facet == "seconds":
        return {"seconds": value * (60 if groups["unit"].startswith("m") else 1)}
    return {"bars": round(value)} if facet == "bars" else {"tempo": value}


def _key_facets(groups: Mapping[str, str | None]) -> dict[Facet, Any]:
    letter = groups.get("letter")
    tonic = letter.upper() if letter else _SPANISH_NOTES[groups.get("note") or ""]
    accidental = groups.get("accidental") or groups.get("sign") or ""
    tonic += "" if not accidental else "b" if accidental in ("flat", "bemol", "b", "♭") else "#"
    tonic = _FLATS.get(tonic, tonic)
    mode = {"mayor": "major", "menor": "minor"}.get(groups.get("mode") or "", groups.get("mode"))
    return {"key": f"{tonic} {mode or 'major'}", "mode": mode or "major"}


def _expanded(table: Mapping[str, Mapping[Facet, Any]]) -> dict[str, Mapping[Facet, Any]]:
    return {word: facets for words, facets in table.items() for word in words.split(", ")}


def _instrument_phrases() -> dict[str, Mapping[Facet, Any]]:
    phrases: dict[str, Mapping[Facet, Any]] = {}
    for instrument in INSTRUMENTS[: -len(FAMILIES[-1].instruments)]:
        for name in (instrument.parameter_value, instrument.search_name, instrument.spanish_name):
            phrases[_plain(name)] = {"instrument": instrument.parameter_value}
    values = {instrument.parameter_value for instrument in INSTRUMENTS}
    for names, value in _INSTRUMENTS.items():
        known = value if value in values or value == "drum kit" else _closest(value)
        phrases |= {name: {"instrument": known} for name in names.split(", ")}
    return phrases


def _closest(name: str) -> str:
    plain = name.replace("(", "").replace(")", "")
    return next(one.parameter_value for one in INSTRUMENTS if plain in (one.search_name, _plain(one.parameter_value)))


_PHRASES: Final = _instrument_phrases() | _expanded(_STYLES) | _expanded(_MOODS)
