"""Titles: validation, and the folded form that searches compare."""

import unicodedata
from typing import Annotated, Final

from euterpe_music.default_titles import Language, number_prefix
from euterpe_music.titles import MAX_TITLE_LENGTH, clean_title
from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

#: Letters with a stroke or ligature that Unicode does not decompose.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})


def without_controls(value: str) -> str:
    """Reject control characters; PostgreSQL cannot store U+0000."""
    if any(unicodedata.category(character) == "Cc" for character in value):
        raise PydanticCustomError("control_character", "Control characters and line breaks are not allowed")
    return value


def _visible(value: str) -> str:
    title = clean_title(value)
    if not title:
        raise PydanticCustomError("blank", "The title must have at least one visible character")
    return title


#: A title: 1 to 200 characters without surrounding white space, one line, not blank.
Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TITLE_LENGTH),
    AfterValidator(without_controls),
    AfterValidator(_visible),
]

UNTITLED = "Untitled"

_LANGUAGES: Final[tuple[Language, ...]] = ("en", "es")


def normalised_title(title: str) -> str:
    """Return the title on one line, or `UNTITLED` for a blank one, so that a piece is not lost because of its title."""
    return clean_title(title) or UNTITLED


def numbered_title(title: str, number: int, language: Language) -> str:
    """Return a default title with its number in the owner's library, at most MAX_TITLE_LENGTH characters."""
    suffix = f"{number_prefix(language)}{number}"
    return title[: MAX_TITLE_LENGTH - len(suffix)] + suffix


def language_of_number(title: str) -> Language | None:
    """Return the language of a default title's number; None for a title that does not end with one."""
    for language in _LANGUAGES:
        _, prefix, number = title.rpartition(number_prefix(language))
        if prefix and number.isdecimal():
            return language
    return None


def fold(text: str) -> str:
    """Return the form in which text is compared: without case, accents, ligatures, and repeated white space.

    It is stored with the title, so that searches need no PostgreSQL locale and no further extension.
    """
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(character for character in decomposed if unicodedata.category(character) != "Mn")
    return " ".join(bare.translate(_PLAIN).split())
