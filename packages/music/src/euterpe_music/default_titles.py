"""Titles of pieces that were given none: kind of piece and key, such as "Jig in D", in the user's language."""

from typing import Final, Literal

from euterpe_music.composers import composer_name
from euterpe_music.key_signature import KeySignature

Language = Literal["en", "es"]

#: Style → kind of piece, for styles that name one.
_KINDS: Final[dict[Language, dict[str, str]]] = {
    "en": {
        "ashover": "Ashover tune", "hpps": "Hornpipe", "jigs": "Jig", "morris": "Morris dance",
        "playford": "Country dance", "reels": "Reel", "slip": "Slip jig", "waltzes": "Waltz", "xmas": "Carol",
        "pop": "Pop song", "classical": "Classical piece", "jazz": "Jazz piece", "any": "Piece", "": "Piece",
        "art song": "Art song", "baroque": "Baroque piece", "chorale": "Chorale", "classical period": "Classical piece",
        "modern": "Modern piece", "renaissance": "Renaissance piece", "romantic": "Romantic piece",
        "string quartet": "String quartet", "folk": "Folk tune", "air": "Air", "carol": "Carol",
        "chinese song": "Chinese song", "folk song": "Folk song", "hornpipe": "Hornpipe", "jig": "Jig", "reel": "Reel",
        "song": "Song", "strathspey": "Strathspey", "waltz": "Waltz", "hip-hop": "Hip-hop piece", "solo": "Solo",
    },
    "es": {
        "ashover": "Melodía de Ashover", "hpps": "Hornpipe", "jigs": "Jiga", "morris": "Danza morris",
        "playford": "Contradanza", "reels": "Reel", "slip": "Jiga slip", "waltzes": "Vals", "xmas": "Villancico",
        "pop": "Canción pop", "classical": "Pieza clásica", "jazz": "Pieza de jazz", "any": "Pieza", "": "Pieza",
        "art song": "Lied", "baroque": "Pieza barroca", "chorale": "Coral", "classical period": "Pieza clásica",
        "modern": "Pieza moderna", "renaissance": "Pieza renacentista", "romantic": "Pieza romántica",
        "string quartet": "Cuarteto de cuerda", "folk": "Melodía popular", "air": "Aire", "carol": "Villancico",
        "chinese song": "Canción china", "folk song": "Canción popular", "hornpipe": "Hornpipe", "jig": "Jiga",
        "reel": "Reel", "song": "Canción", "strathspey": "Strathspey", "waltz": "Vals", "hip-hop": "Pieza de hip-hop",
        "solo": "Solo",
    },
}  # fmt: skip
_OTHER_KINDS: Final[dict[Language, str]] = {"en": "Piece after {}", "es": "Pieza al estilo de {}"}
_KEYS: Final[dict[Language, str]] = {"en": "{} in {}", "es": "{} en {}"}
_MINOR: Final[dict[Language, str]] = {"en": "{} minor", "es": "{} menor"}
_SPANISH_NOTES: Final = {"C": "do", "D": "re", "E": "mi", "F": "fa", "G": "sol", "A": "la", "B": "si"}
_ACCIDENTALS: Final[dict[Language, dict[str, str]]] = {
    "en": {"": "", "#": " sharp", "b": " flat"},
    "es": {"": "", "#": " sostenido", "b": " bemol"},
}
_NUMBERS: Final[dict[Language, str]] = {"en": ", no. ", "es": ", n.º "}


def default_title(style: str, key: str | None, language: Language) -> str:
    """Return the title of a piece of a style (may be empty), in a key such as "D major" if it is known.

    Of a path such as `folk/jig` or `classical/baroque/bach`, the last name counts.
    """
    name = style.rpartition("/")[2]
    kind = _KINDS[language].get(name) or _OTHER_KINDS[language].format(composer_name(name) if "/" in style else name)
    return kind if key is None else _KEYS[language].format(kind, _key_name(KeySignature.parse(key), language))


def number_prefix(language: Language) -> str:
    """Return what stands between a default title and its number in the owner's library."""
    return _NUMBERS[language]


def _key_name(key: KeySignature, language: Language) -> str:
    letter, accidental = key.tonic[0], key.tonic[1:]
    note = letter if language == "en" else _SPANISH_NOTES[letter]
    name = note + _ACCIDENTALS[language][accidental]
    return _MINOR[language].format(name) if key.is_minor else name
