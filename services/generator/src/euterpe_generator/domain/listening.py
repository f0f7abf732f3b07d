"""The listening test: a pair of pieces, one by a person and one composed, and a user's answer."""

import enum
import math
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

#: How long a pair can be played and answered.
PAIR_LIFETIME: Final = timedelta(hours=2)
#: Composed pieces are so many times longer than what is played, as excerpts are beginnings of longer pieces, too.
COMPOSED_TIMES: Final = 2
#: The title in the stored MIDI file of a composed piece; it is never sent.
PIECE_TITLE: Final = "Listening test"
#: The quantile of the normal distribution for intervals of 95 %.
_Z: Final = 1.959964


class Side(enum.StrEnum):
    """One of the two pieces."""

    A = "a"
    B = "b"


class Preference(enum.StrEnum):
    """Which piece a user likes better."""

    A = "a"
    B = "b"
    NONE = "none"


class Guess(enum.StrEnum):
    """Which piece a user believes to be by a person."""

    A = "a"
    B = "b"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """A user's answer. `browser` is a random number that the browser keeps, and that many browsers share."""

    preferred: Preference
    guessed: Guess
    browser: str | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """An excerpt and a generation in random order. `person` is the side of the excerpt."""

    id: uuid.UUID
    excerpt_id: str
    style: str
    generation_id: uuid.UUID
    model: str
    model_version: str
    seed: int
    person: Side
    created_at: datetime
    expires_at: datetime
    answered_at: datetime | None = None
    answer: Answer | None = None

    @property
    def is_right(self) -> bool | None:
        """Whether the guess is right; None without one."""
        if self.answer is None or self.answer.guessed is Guess.UNKNOWN:
            return None
        return self.answer.guessed.value == self.person.value


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `total`, with the 95 % interval of the share (E. B. Wilson, 1927); None where `total` is 0."""

    count: int
    total: int

    @property
    def value(self) -> float | None:
        """The share."""
        return self.count / self.total if self.total else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The lower and upper limit."""
        if not self.total:
            return None
        share, spread = self.count / self.total, _Z**2 / self.total
        centre = share + spread / 2
        width = _Z * math.sqrt(share * (1 - share) / self.total + spread / (4 * self.total))
        return max((centre - width) / (1 + spread), 0.0), min((centre + width) / (1 + spread), 1.0)


@dataclass(frozen=True, slots=True)
class Summary:
    """Answers about one style and model version: `preferred_composed` of those who preferred one, `right_guesses` of
    those who guessed."""

    style: str
    model: str
    model_version: str
    answers: int
    preferred_composed: Share
    right_guesses: Share
