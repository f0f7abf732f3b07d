"""The terms under which a song is found: the lexemes of its `document`, and the search that a listener typed.

A document is a tsvector of our own making: words of title and tags, and one lexeme for each value that can be
filtered by, told apart by a first letter. So any conjunction of words and values is one look into one index.
PostgreSQL's parsers and dictionaries take no part: they know one language at a time, and no unspaced script.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from euterpe_library.domain.titles import fold

MAX_SEARCH_WORDS = 10
#: Trigram indexes find nothing shorter than this.
_TRIGRAM = 3
_QUERY_PART = re.compile(r'(-?)"([^"]*)"|(\S+)')
#: A tsvector holds lexemes of less than 2,046 bytes.
_MAX_LEXEME = 500

WORD, TAG, MODEL, VERSION, INSTRUMENT, KEY, STYLE, SEED, REMIX, OWNER = "wgmviksnro"


def lexeme(kind: str, value: str) -> str:
    """The lexeme of a value, e.g. `s:classical`; compared without case and accents."""
    return f"{kind}:{fold(value)[:_MAX_LEXEME]}"


def words(text: str) -> list[str]:
    """The words of a folded text: runs of letters and digits; symbols and unspaced scripts character by character."""
    found: list[str] = []
    run = ""
    for character in text:
        if character.isalnum() and not _unspaced(character):
            run += character
        else:
            found += [run, character.strip()]
            run = ""
    return [word for word in [*found, run] if word]


def has_trigram(part: str) -> bool:
    """Whether a trigram index can narrow down what contains the folded part."""
    return any(len(word) >= _TRIGRAM for word in words(part))


def word_lexemes(texts: Iterable[str]) -> list[str]:
    """The lexemes of the words of some texts, each once."""
    return list(dict.fromkeys(lexeme(WORD, word) for text in texts for word in words(fold(text))))


def _unspaced(character: str) -> bool:
    return character >= "\u0e00" and unicodedata.name(character, "").startswith(
        ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")
    )


@dataclass(frozen=True, slots=True)
class TextSearch:
    """A search taken apart. A song must have all of `contained`, `lexemes` and `prefixes`, and none of `excluded`.

    `contained` and `excluded` are parts of title or tags, `prefixes` lexemes that begin one of theirs. What a trigram
    index cannot narrow down, because it is short or made of symbols, is asked for by lexeme, too.
    """

    contained: tuple[str, ...] = ()
    lexemes: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "TextSearch":
        """`nocturne "in the rain" -sketch`: words, phrases, and what must not be there. Never fails."""
        contained, lexemes, prefixes, excluded = [], [], [], []
        for part, wanted in _parts(text):
            tokens = words(part)
            if not wanted:
                excluded.append(part)
                continue
            if len(part) >= _TRIGRAM or len(tokens) > 1:
                contained.append(part)
            if len(tokens) > 1:
                # The first word may have begun before the part, the last may go on behind it.
                lexemes += [lexeme(WORD, token) for token in tokens[:-1][not _alone(tokens[0]) :]]
            if len(tokens) > 1 or len(part) < _TRIGRAM:
                prefixes.append(lexeme(WORD, tokens[-1]))
        return cls(tuple(contained), tuple(lexemes), tuple(prefixes), tuple(excluded))


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """Folded words and phrases, with whether they are wanted."""
    for match in islice(_QUERY_PART.finditer(text), MAX_SEARCH_WORDS):
        sign, phrase, word = match.groups()
        minus = sign == "-" if word is None else len(word) > 1 and word[0] == "-"
        if part := fold(phrase if word is None else word[minus:]):
            yield part, not minus


def _alone(token: str) -> bool:
    return _unspaced(token[0]) or not token[0].isalnum()
