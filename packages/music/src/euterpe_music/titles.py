"""Titles of pieces: what they may hold, and the file names made of them."""

import unicodedata
from typing import Final

MAX_TITLE_LENGTH: Final = 200
#: Joiners, without which Persian words and composed emoji read differently.
_JOINERS: Final = frozenset("\u200c\u200d")
#: Characters that file systems, shells or HTTP headers take for something else.
_RESERVED: Final = frozenset('/\\:*?"<>|')


def clean_title(text: str) -> str:
    """Return `text` on one line, without control and invisible formatting characters; empty where nothing is visible.

    Bidirectional overrides (U+202E) and the like could make one title look like another.
    """
    spaced = "".join(" " if _is_break(character) else character for character in text)
    line = " ".join("".join(character for character in spaced if _is_kept(character)).split())
    return line if has_visible(line) else ""


def checked_title(text: str) -> str:
    """Return `clean_title(text)`; raises ValueError for control characters, line breaks and blank titles."""
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise ValueError("control characters and line breaks are not allowed")
    title = clean_title(text)
    if not title:
        raise ValueError("the title must have at least one visible character")
    return title


def has_visible(text: str) -> bool:
    """Whether at least one character can be seen."""
    return any(character.isprintable() and not character.isspace() for character in text)


def file_name(title: str, extension: str) -> str:
    """Return the name of a file with this title; a title of dots and spaces only is no name."""
    safe = "".join("_" if character in _RESERVED else character for character in clean_title(title))
    return f"{safe.strip(' .') or 'untitled'}.{extension}"


def _is_break(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) in ("Cc", "Zl", "Zp")


def _is_kept(character: str) -> bool:
    return unicodedata.category(character)[0] != "C" or character in _JOINERS
