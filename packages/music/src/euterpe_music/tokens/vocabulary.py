"""Vocabularies: tokens as integers by order of appearance, stored as JSON."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from euterpe_music.tokens.steps import HOLD
from euterpe_music.tokens.symbols import CHORD_BASE, REST

#: The token before the first one of a piece, and the token for what the vocabulary does not hold.
BEGIN: Final = "<begin>"
UNKNOWN: Final = "<unknown>"

#: `steps`: encoding 1. `pitches`, `durations`: the streams of encoding 2.
Stream = Literal["steps", "pitches", "durations"]
_STREAMS: Final = ("steps", "pitches", "durations")


class VocabularyError(ValueError):
    """An unusable vocabulary file; the message is one sentence."""


@dataclass(frozen=True)
class Vocabulary:
    """The tokens of one stream. Token 0 is BEGIN, token 1 UNKNOWN; neither is ever composed."""

    stream: Stream
    words: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.stream not in _STREAMS:
            raise VocabularyError(f"the vocabulary's stream is {self.stream!r}, not one of {', '.join(_STREAMS)}")
        if self.words[:2] != (BEGIN, UNKNOWN):
            raise VocabularyError(f"the vocabulary does not begin with {BEGIN} and {UNKNOWN}")
        if len(set(self.words)) != len(self.words):
            raise VocabularyError("the vocabulary has a token twice")
        if len(self.words) < 3:
            raise VocabularyError("the vocabulary has no tokens")

    def __len__(self) -> int:
        return len(self.words)

    @classmethod
    def build(cls, stream: Stream, songs: Iterable[Iterable[str]], least: int = 1) -> "Vocabulary":
        """Build a vocabulary of the tokens that occur at least `least` times in `songs`, by order of appearance."""
        counts: dict[str, int] = {}
        for song in songs:
            for word in song:
                counts[word] = counts.get(word, 0) + 1
        return cls(stream, (BEGIN, UNKNOWN, *(word for word, count in counts.items() if count >= least)))

    @cached_property
    def index(self) -> dict[str, int]:
        """Token → integer."""
        return {word: number for number, word in enumerate(self.words)}

    def encode(self, words: Sequence[str]) -> tuple[NDArray[np.int64], int]:
        """Return integers [tokens], and how many tokens were replaced by their `nearest`."""
        index = self.index
        known = [index.get(word, -1) for word in words]
        replaced = known.count(-1)
        if replaced:
            known = [index[self.nearest(words[at])] if number < 0 else number for at, number in enumerate(known)]
        return np.array(known, np.int64), replaced

    def decode(self, numbers: Iterable[int]) -> list[str]:
        """Return the tokens of integers; raises IndexError for a number outside the vocabulary."""
        return [self.words[number] for number in numbers]

    def nearest(self, word: str) -> str:
        """Return the token of the vocabulary that replaces a token which it does not hold.

        A note moves by octaves to the nearest known one. A chord loses its upper pitch classes one by one, until its
        lowest note is left. A duration becomes the nearest known one, the shorter of two. Anything else is UNKNOWN.
        """
        if word in self.index:
            return word
        if self.stream == "durations":
            return self._nearest_duration(word)
        classes = word.split(".")
        while len(classes) > 2:
            classes.pop()
            if ".".join(classes) in self.index:
                return ".".join(classes)
        try:
            pitch = int(classes[0]) + (CHORD_BASE if len(classes) > 1 else 0)
        except ValueError:
            return UNKNOWN
        near = [other for other in range(pitch % 12, 128, 12) if str(other) in self.index]
        return str(min(near, key=lambda other: abs(other - pitch))) if near else UNKNOWN

    def _nearest_duration(self, word: str) -> str:
        wanted = duration(word)
        known = [(abs(duration(other) - wanted), duration(other), other) for other in self.words[2:]]
        return min(known)[2] if wanted > 0 else UNKNOWN

    def legal(self, previous: int | None = None) -> NDArray[np.bool_]:
        """Return which tokens may follow `previous`, None at the beginning: not BEGIN, UNKNOWN or a hold of nothing."""
        mask = np.ones(len(self), np.bool_)
        mask[:2] = False
        if HOLD in self.index and previous in (None, 0):
            mask[self.index[HOLD]] = False
        return mask

    @cached_property
    def rest(self) -> int:
        """The number of the rest; of UNKNOWN where the vocabulary has none."""
        return self.index.get(REST, 1)

    def to_json(self) -> bytes:
        """Return the file for a bundle."""
        content = {"format": 1, "stream": self.stream, "begin": 0, "unknown": 1, "words": self.words}
        return (json.dumps(content, indent=0) + "\n").encode()

    @property
    def sha256(self) -> str:
        """Digest of the file."""
        return hashlib.sha256(self.to_json()).hexdigest()

    @classmethod
    def from_json(cls, content: bytes) -> "Vocabulary":
        """Read the vocabulary from a file; raises VocabularyError."""
        try:
            values: dict[str, Any] = json.loads(content)
            words, stream, form = values["words"], values["stream"], values["format"]
        except (ValueError, KeyError, TypeError) as error:
            raise VocabularyError("the vocabulary is not a JSON object with format, stream and words") from error
        if form != 1 or not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise VocabularyError("the vocabulary is not of format 1, with a list of words")
        return cls(stream, tuple(words))


def duration(word: str) -> float:
    """Return the quarters of a duration token; 0 for anything else."""
    whole, _, part = word.partition("/")
    try:
        return int(whole) / int(part or 1)
    except (ValueError, ZeroDivisionError):
        return 0.0
