"""A generation: one requested piece, from the request to the MIDI file."""

import enum
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from euterpe_music.default_titles import Language
from euterpe_service_kit.networks import network_of

from euterpe_generator.domain.estimate import Estimate
from euterpe_generator.domain.prompt import Prompt


class Status(enum.StrEnum):
    """Status of a generation."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether the status is final."""
        return self in (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED)


class UserClass(enum.StrEnum):
    """Class of users, each with its own limits and its own guaranteed share of the queue."""

    REGISTERED = "registered"
    GUEST = "guest"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Owner:
    """Who requested a generation. `id` is the account, None for an anonymous user.

    `key` identifies the principal: the account, or the network of an anonymous user (/24 of IPv4, /64 of IPv6).
    """

    id: str | None
    name: str
    key: str
    user_class: UserClass = UserClass.REGISTERED
    network: str = ""
    #: The key under which releases before the limits per network stored an anonymous user's idempotency keys; they are
    #: valid for 24 hours after the upgrade.
    former_key: str | None = field(default=None, compare=False, repr=False)

    @classmethod
    def account(cls, user_id: str, name: str, *, is_guest: bool = False, address: str = "") -> "Owner":
        """Build the owner for an account, registered or guest."""
        user_class = UserClass.GUEST if is_guest else UserClass.REGISTERED
        return cls(user_id, name, f"user:{user_id}", user_class, network_of(address))

    @classmethod
    def anonymous(cls, address: str) -> "Owner":
        """Build the owner for a client without an account."""
        network = network_of(address)
        return cls(None, "", f"network:{network}", UserClass.ANONYMOUS, network, f"address:{address}")


@dataclass(frozen=True, slots=True)
class Generation:
    """A row of the queue.

    `steps` is how many of the `length` events are composed; it never decreases, although a retry starts from zero.
    """

    id: uuid.UUID
    order_id: uuid.UUID
    variation: int
    owner: Owner
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
    #: Checked values of the model's parameters, including defaults.
    parameters: Mapping[str, Any] = field(default_factory=dict)
    prompt: Prompt | None = None
    #: The language of a default title; None for a title that the user gave.
    title_language: Language | None = None
    #: The song whose settings it takes, if any.
    remix_of: uuid.UUID | None = None
    #: The variant's label in a comparison.
    label: str | None = None
    #: None for generations of earlier releases.
    estimate: Estimate | None = None
    failure: str | None = None
    midi_key: str | None = None
    midi_bytes: int | None = None
    song_id: str | None = None
    note_count: int | None = None
    duration_seconds: float | None = None
    measures: Mapping[str, float] = field(default_factory=dict)
    #: The version of the MIDI writer that wrote its file; None before the end and for files of the first version.
    writer_version: int | None = None
    #: Why the stored row cannot be composed by this version, for example after a roll-back; None if it can.
    unreadable: str | None = None

    @property
    def model_key(self) -> str:
        """`name@version` of the model."""
        return f"{self.model}@{self.model_version}"

    @property
    def progress(self) -> float:
        """Share of the events composed, 0 to 1."""
        return 1.0 if self.status is Status.SUCCEEDED else min(self.steps / self.length, 1.0)

    @property
    def sequence(self) -> int:
        """Sequence number for event ids: 0 while queued, 1 + steps while running, length + 2 after the end."""
        if self.status is Status.QUEUED and self.attempt == 0:
            return 0
        return self.length + 2 if self.status.ended else 1 + self.steps

    def as_accepted(self) -> "Generation":
        """Return the generation as it was when accepted, so that all answers to one Idempotency-Key are equal."""
        return replace(
            self,
            status=Status.QUEUED,
            attempt=0,
            steps=0,
            started_at=None,
            finished_at=None,
            cancel_requested=False,
            keep_partial=False,
            watched=False,
            failure=None,
            midi_key=None,
            midi_bytes=None,
            song_id=None,
            note_count=None,
            duration_seconds=None,
            measures={},
            writer_version=None,
        )

    @property
    def creation_parameters(self) -> dict[str, Any]:
        """Everything besides model and seed that determines the piece; enough to request it again."""
        return creation_parameters(self.length, self.parameters, self.prompt)


def creation_parameters(length: int, parameters: Mapping[str, Any], prompt: Prompt | None) -> dict[str, Any]:
    """Return what determines a piece besides model and seed, as it is registered with its song."""
    stored_prompt = {} if prompt is None else {"prompt": prompt.summary}
    stored_parameters = {"parameters": dict(parameters)} if parameters else {}
    return {"length": length, **stored_parameters, **stored_prompt}
