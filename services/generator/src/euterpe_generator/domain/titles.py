"""Titles of generations, as they are ordered and as they are registered."""

from collections.abc import Mapping
from typing import Any, Final

from euterpe_music.default_titles import Language, default_title
from euterpe_music.melody_parameters import ANY_KEY

from euterpe_generator.domain.generation import Generation
from euterpe_generator.domain.requests import MAX_TITLE_LENGTH

#: Characters of a label and its brackets.
_BRACKETS: Final = 3


def piece_title(parameters: Mapping[str, Any], key: str | None, language: Language) -> str:
    """Return the default title: style and key of the request, else `key`, which may be None."""
    requested = str(parameters.get("key", ANY_KEY))
    return default_title(str(parameters.get("style", "")), key if requested == ANY_KEY else requested, language)


def labelled_title(title: str, label: str) -> str:
    """Return the title of a variant of a comparison."""
    return f"{title[: MAX_TITLE_LENGTH - len(label) - _BRACKETS]} ({label})"


def song_title(generation: Generation, key: str | None) -> str:
    """Return the title under which a piece is registered, in the key that was estimated if none was requested.

    A title that the user gave, and that in the file, stay as they were ordered.
    """
    if generation.title_language is None:
        return generation.title
    title = piece_title(generation.parameters, key, generation.title_language)
    return title if generation.label is None else labelled_title(title, generation.label)
