"""Search terms: the lexemes of a song's `document`, and the parser of search queries.

A document is a tsvector that we build ourselves: the words of title and tags, and one lexeme per filterable value, with
a prefix letter per kind. So any conjunction of words and values is one index lookup. PostgreSQL's parsers and
dictionaries are not used: they support one language at a time, and no scripts without spaces.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from euterpe_library.domain.titles import fold

MAX_SEARCH_WORDS = 10
#: Minimum length for trigram indexes.
_TRIGRAM = 3
_QUERY_PART = re.compile(r'(-?)"([^"]*)"|(\S+)')
#: A tsvector stores lexemes of less than 2,046 bytes.
_MAX_LEXEME = 500

WORD, TAG, MODEL, VERSION, INSTRUMENT, KEY, STYLE, SEED, REMIX, OWNER = "wgmviksnro"


def lexeme(kind: str, value: str) -> str:
    """Return the lexeme of a value, e.g. `s:classical`; case and accents are ignored."""
    return f"{kind}:{fold(value)[:_MAX_LEXEME]}"


def words(text: str) -> list[str]:
    """Split folded text into words: runs of letters and digits; symbols and unspaced scripts character by character."""
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
    """Whether a trigram index can narrow down the songs that contain the folded part."""
    return any(len(word) >= _TRIGRAM for word in words(part))


def word_lexemes(texts: Iterable[str]) -> list[str]:
    """Return the lexemes of the words of some texts, without duplicates."""
    return list(dict.fromkeys(lexeme(WORD, word) for text in texts for word in words(fold(text))))


def _unspaced(character: str) -> bool:
    return character >= "\u0e00" and unicodedata.name(character, "").startswith(
        ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")
    )


@dataclass(frozen=True, slots=True)
class TextSearch:
    """A parsed search. A song must have all of `contained`, `lexemes` and `prefixes`, and none of `excluded`.

    `contained` and `excluded` are substrings of title or tags, `prefixes` are prefixes of lexemes. Parts that a trigram
    index cannot narrow down, because they are short or consist of symbols, are also searched by lexeme.
    """

    contained: tuple[str, ...] = ()
    lexemes: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "TextSearch":
        """Parse `nocturne "in the rain" -sketch`: words, phrases, and excluded parts. Never fails."""
        contained, lexemes, prefixes, excluded = [], [], [], []
        for part, is_included in _parts(text):
            tokens = words(part)
            if not is_included:
                excluded.append(part)
                continue
            if len(part) >= _TRIGRAM or len(tokens) > 1:
                contained.append(part)
            if len(tokens) > 1:
                # The first and last word may be fragments of longer words.
                lexemes += [lexeme(WORD, token) for token in tokens[:-1][not _is_whole_word(tokens[0]) :]]
            if len(tokens) > 1 or len(part) < _TRIGRAM:
                prefixes.append(lexeme(WORD, tokens[-1]))
        return cls(tuple(contained), tuple(lexemes), tuple(prefixes), tuple(excluded))


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """Yield folded words and phrases, and whether they are included."""
    for match in islice(_QUERY_PART.finditer(text), MAX_SEARCH_WORDS):
        sign, phrase, word = match.groups()
        minus = sign == "-" if word is None else len(word) > 1 and word[0] == "-"
        if part := fold(phrase if word is None else word[minus:]):
            yield part, not minus


def _is_whole_word(token: str) -> bool:
    return _unspaced(token[0]) or not token[0].isalnum()
