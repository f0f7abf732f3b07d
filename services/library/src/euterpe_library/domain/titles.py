"""Titles: what one may be, and the form in which titles are compared when searching."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

MAX_LENGTH = 200

#: Letters that people type without their stroke or ligature, and that Unicode does not decompose.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})


def without_controls(value: str) -> str:
    """The text itself; refuses control characters, of which PostgreSQL cannot even store U+0000."""
    if any(unicodedata.category(character) == "Cc" for character in value):
        raise PydanticCustomError("control_character", "Control characters and line breaks are not allowed")
    return value


def _has_visible(value: str) -> bool:
    return any(character.isprintable() and not character.isspace() for character in value)


def _visible(value: str) -> str:
    if not _has_visible(value):
        raise PydanticCustomError("blank", "The title must have at least one visible character")
    return value


#: A song's title: 1 to 200 characters without the white space around it, one line, not blank.
Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_LENGTH),
    AfterValidator(without_controls),
    AfterValidator(_visible),
]

UNTITLED = "Untitled"


def tidied(title: str) -> str:
    """The title on one line, or `UNTITLED` for a blank one: a composed piece must not be lost over its title."""
    line = "".join(" " if unicodedata.category(character) == "Cc" else character for character in title)
    return line.strip() if _has_visible(line) else UNTITLED


def fold(text: str) -> str:
    """The form in which titles are compared: without case, accents, ligatures, and runs of white space.

    Stored beside the title, so that searching needs no locale of PostgreSQL's and no second extension.
    """
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(character for character in decomposed if unicodedata.category(character) != "Mn")
    return " ".join(bare.translate(_PLAIN).split())
