"""A generation: one piece that somebody asked for, from the request to the MIDI object."""

import enum
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

#: Seeds stay exact in JavaScript, whose numbers are doubles.
MAX_SEED = 2**53 - 1


class Status(enum.StrEnum):
    """Where a generation stands."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether it stays as it is for ever."""
        return self in (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED)


@dataclass(frozen=True, slots=True)
class Listener:
    """Who asks: `id` is the account, None for an anonymous listener, whom `key` tells apart by address."""

    id: str | None
    name: str
    key: str

    @classmethod
    def account(cls, user_id: str, name: str) -> "Listener":
        """A listener with an account."""
        return cls(id=user_id, name=name, key=f"user:{user_id}")

    @classmethod
    def anonymous(cls, address: str) -> "Listener":
        """A listener without an account."""
        return cls(id=None, name="", key=f"address:{address}")


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a piece begins with or goes along with: a melody, taken from its file, so that it depends on none any more.

    `rows` are its notes and rests, (length in 24ths of a quarter, pitches) each, over `bars` bars of `meter`. `shift`
    semitones bring it to where the networks compose. `unknown` counts the words that their vocabularies do not hold;
    `song_id` is where it came from, if that was a song.
    """

    rows: tuple[tuple[int, tuple[int, ...]], ...]
    bars: int
    meter: str = "4/4"
    shift: int = 0
    unknown: int = 0
    song_id: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Prompt":
        """The prompt that `to_dict` described."""
        return cls(**{**values, "rows": tuple((length, tuple(pitches)) for length, pitches in values["rows"])})


@dataclass(frozen=True, slots=True)
class Generation:
    """A row of the queue as the rest of the service sees it.

    `steps` is how many of the `length` events have been composed; it never goes back, although a retry starts anew.
    """

    id: uuid.UUID
    order_id: uuid.UUID
    variation: int
    listener: Listener
    model: str
    model_version: str
    seed: int
    length: int
    title: str
    status: Status
    attempt: int
    steps: int
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    cancel_requested: bool = False
    keep_partial: bool = False
    watched: bool = False
    #: Checked values of the model's parameters, defaults included.
    settings: Mapping[str, Any] = field(default_factory=dict)
    prompt: Prompt | None = None
    failure: str | None = None
    midi_key: str | None = None
    midi_bytes: int | None = None
    song_id: str | None = None
    note_count: int | None = None
    duration_seconds: float | None = None
    measures: Mapping[str, float] = field(default_factory=dict)

    @property
    def progress(self) -> float:
        """Share of the events composed, 0 to 1."""
        return 1.0 if self.status is Status.SUCCEEDED else min(self.steps / self.length, 1.0)

    @property
    def sequence(self) -> int:
        """Position in its own life, for event ids: 0 queued, 1 + steps while running, length + 2 when ended."""
        if self.status is Status.QUEUED and self.attempt == 0:
            return 0
        return self.length + 2 if self.status.ended else 1 + self.steps

    def as_accepted(self) -> "Generation":
        """As it was when it was accepted, so that every answer to one Idempotency-Key is the same."""
        return Generation(
            id=self.id,
            order_id=self.order_id,
            variation=self.variation,
            listener=self.listener,
            model=self.model,
            model_version=self.model_version,
            seed=self.seed,
            length=self.length,
            settings=self.settings,
            prompt=self.prompt,
            title=self.title,
            status=Status.QUEUED,
            attempt=0,
            steps=0,
            created_at=self.created_at,
        )

    @property
    def parameters(self) -> dict[str, Any]:
        """All settings that, with model and seed, decide the piece: what would order it again."""
        prompt = {} if self.prompt is None else {"prompt": self.prompt.to_dict()}
        return {"length": self.length, **({"parameters": dict(self.settings)} if self.settings else {}), **prompt}


@dataclass(frozen=True, slots=True)
class OrderedPiece:
    """One piece of an order: everything that decides its music is fixed, the seed included."""

    id: uuid.UUID
    seed: int
    length: int
    title: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    prompt: Prompt | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A checked request for pieces; one is the common case.

    `cost` is how far a piece moves its listener back in the fair order: who costs twice as much gets half the turns.
    `background` orders are taken up only while nothing else waits.
    """

    model: str
    model_version: str
    pieces: tuple[OrderedPiece, ...]
    cost: int = 1
    background: bool = False

    @property
    def id(self) -> uuid.UUID:
        """The order's id, which is its first piece's."""
        return self.pieces[0].id

    @property
    def count(self) -> int:
        """How many pieces are ordered."""
        return len(self.pieces)


@dataclass(frozen=True, slots=True)
class Result:
    """A finished piece, as the finishing statement records it for one attempt at a generation."""

    id: uuid.UUID
    attempt: int
    status: Status
    steps: int
    midi_key: str
    midi_bytes: int
    song_id: str | None
    note_count: int
    duration_seconds: float
    measures: Mapping[str, float]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return values | {"id": str(self.id)}


@dataclass(frozen=True, slots=True)
class Waiting:
    """Queued pieces: those that wait for a listener, and all, which includes background ones."""

    foreground: int
    all: int


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the queue, counted from 1, and a guess at the wait from the pace of the last seconds."""

    position: int
    estimated_wait_seconds: float | None
