"""What listeners may say about a song beside its title: tags, style, key, tempo, and who may read it."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from euterpe_library.domain.titles import fold, without_controls

MAX_TAGS = 20
MAX_TAG_LENGTH = 40
MAX_TEMPO = 1000.0
TONICS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
KEYS = tuple(f"{tonic} {mode}" for tonic in TONICS for mode in ("major", "minor"))
_ENHARMONIC = {"C#": "Db", "D#": "Eb", "Gb": "F#", "G#": "Ab", "A#": "Bb", "Cb": "B", "B#": "C", "E#": "F", "Fb": "E"}


class Visibility(StrEnum):
    """Who may read a song or a playlist."""

    PRIVATE = "private"
    UNLISTED = "unlisted"
    PUBLIC = "public"


def _foldable(value: str) -> str:
    if not fold(value):
        raise PydanticCustomError("blank", "Must have at least one letter or digit")
    return value


def _each_once(tags: list[str]) -> list[str]:
    return list({fold(tag): tag for tag in reversed(tags)}.values())[::-1]


def canonical_key(value: str) -> str:
    """One of KEYS for every usual spelling, e.g. "c# Minor" → "Db minor". Raises PydanticCustomError."""
    tonic, _, mode = value.strip().partition(" ")
    tonic = tonic[:1].upper() + tonic[1:].replace("♯", "#").replace("♭", "b").lower()
    key = f"{_ENHARMONIC.get(tonic, tonic)} {mode.strip().lower()}"
    if key not in KEYS:
        raise PydanticCustomError("musical_key", "Must be a tonic and a mode, such as `A minor` or `F# major`")
    return key


_Short = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TAG_LENGTH),
    AfterValidator(without_controls),
    AfterValidator(_foldable),
]
Tag = _Short
#: Tags that differ in case or accents only are one tag; the first spelling stays.
Tags = Annotated[list[Tag], Field(max_length=MAX_TAGS), AfterValidator(_each_once)]
Style = _Short
MusicalKey = Annotated[str, StringConstraints(max_length=20), AfterValidator(canonical_key)]
TempoBpm = Annotated[float, Field(gt=0, le=MAX_TEMPO, allow_inf_nan=False)]


def joined(tags: Iterable[str]) -> str:
    """Folded tags, one a line, for searching beside a folded title."""
    return "\n".join(fold(tag) for tag in tags)
