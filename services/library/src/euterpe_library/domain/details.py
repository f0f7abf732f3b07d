"""Editable metadata of a song besides its title: tags, style, key, tempo and visibility."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

from euterpe_music.tonics import ENHARMONIC_TONICS, TONICS
from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from euterpe_library.domain.titles import fold, without_controls

MAX_TAGS = 20
MAX_TAG_LENGTH = 40
MAX_TEMPO = 1000.0
KEYS = tuple(f"{tonic} {mode}" for tonic in TONICS for mode in ("major", "minor"))


class Visibility(StrEnum):
    """Who may read a song or a playlist."""

    PRIVATE = "private"
    UNLISTED = "unlisted"
    PUBLIC = "public"


def _foldable(value: str) -> str:
    if not fold(value):
        raise PydanticCustomError("blank", "Must have at least one letter or digit")
    return value


def _deduplicated(tags: list[str]) -> list[str]:
    return list({fold(tag): tag for tag in reversed(tags)}.values())[::-1]


def canonical_key(value: str) -> str:
    """Return the spelling in KEYS, e.g. "c# Minor" → "Db minor". Raises PydanticCustomError."""
    tonic, _, mode = value.strip().partition(" ")
    tonic = tonic[:1].upper() + tonic[1:].replace("♯", "#").replace("♭", "b").lower()
    key = f"{ENHARMONIC_TONICS.get(tonic, tonic)} {mode.strip().lower()}"
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
#: Tags that differ only in case or accents are duplicates; the first spelling is kept.
Tags = Annotated[list[Tag], Field(max_length=MAX_TAGS), AfterValidator(_deduplicated)]
Style = _Short
MusicalKey = Annotated[str, StringConstraints(max_length=20), AfterValidator(canonical_key)]
TempoBpm = Annotated[float, Field(gt=0, le=MAX_TEMPO, allow_inf_nan=False)]


def folded_lines(tags: Iterable[str]) -> str:
    """Return folded tags, one per line, for substring searches."""
    return "\n".join(fold(tag) for tag in tags)
