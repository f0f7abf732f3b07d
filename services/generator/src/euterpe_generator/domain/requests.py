"""Requests for pieces, before and after everything that determines the music is resolved."""

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from euterpe_music.default_titles import Language

from euterpe_generator.domain.estimate import Estimate
from euterpe_generator.domain.prompt import Prompt, PromptUse

MAX_TITLE_LENGTH: Final = 200
#: Limit of the API; models accept fewer bars.
MAX_PROMPT_BARS: Final = 1_000
#: Fields of requests and prompts that earlier versions do not have, with their defaults; see `digest_with`.
_ADDED_FIELDS: Final[Mapping[str, Any]] = {"language": "en", "remix_of": None}
_ADDED_PROMPT_FIELDS: Final[Mapping[str, Any]] = {"use": "continue", "first_bar": None, "last_bar": None, "tracks": ()}


@dataclass(frozen=True, slots=True)
class PromptSource:
    """Where a prompt comes from: a MIDI file, or a song that the user may read; its first `bars` bars.

    Its accompaniment is kept, or composed anew with `replace_accompaniment`. `first_bar` to `last_bar` of `tracks` are
    those that `use` replaces; see domain.prompt.Material.
    """

    midi: bytes | None = None
    song_id: str | None = None
    bars: int | None = None
    replace_accompaniment: bool = False
    use: PromptUse = "continue"
    first_bar: int | None = None
    last_bar: int | None = None
    tracks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """A request as received. Fields that are None are chosen by the service."""

    model: str | None
    seed: int | None
    length: int | None
    title: str | None
    count: int = 1
    background: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict)
    prompt: PromptSource | None = None
    #: Language of a default title.
    language: Language = "en"
    #: The song whose settings it takes; the library ignores it unless the owner may read the song.
    remix_of: uuid.UUID | None = None

    @property
    def digest(self) -> str:
        """Digest that identifies the request, for Idempotency-Key."""
        return self.digest_with({})

    def digest_with(self, more: Mapping[str, Any]) -> str:
        """Return the digest of the request and of more values by name.

        Requests that earlier versions accept keep their digests, since they may be repeated during an upgrade.
        """
        values = _without_defaults(asdict(self), _ADDED_FIELDS)
        if self.prompt is not None:
            values["prompt"] = _without_defaults(values["prompt"], _ADDED_PROMPT_FIELDS)
        return _digest({**values, **more})


@dataclass(frozen=True, slots=True)
class ComparisonVariant:
    """One variant of a comparison: its label, and the parameters and the model in which it differs from the request."""

    label: str
    parameters: Mapping[str, Any]
    model: str | None = None

    @property
    def identity(self) -> list[Any]:
        """What identifies the variant in the digest of a request; variants without a model keep their digests."""
        return [self.label, sorted(self.parameters.items()), *([] if self.model is None else [self.model])]


@dataclass(frozen=True, slots=True)
class OrderItem:
    """One piece of an order. Everything that determines its music is fixed, including the seed."""

    id: uuid.UUID
    seed: int
    length: int
    title: str
    #: The language of a default title; None for a title that the user gave.
    title_language: Language | None = None
    #: The song whose settings it takes, if any.
    remix_of: uuid.UUID | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    prompt: Prompt | None = None
    #: The variant's label in a comparison.
    label: str | None = None
    #: The name and version of the piece's model, if it is not the order's.
    model: tuple[str, str] | None = None
    estimate: Estimate | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A resolved request: one or more pieces, of one model unless an item names its own.

    `cost` is how far a piece moves its owner back in the fair queue: twice the cost halves the turns. `background`
    orders are claimed only while no other generation waits.
    """

    model: str
    model_version: str
    items: tuple[OrderItem, ...]
    cost: int = 1
    background: bool = False

    @property
    def id(self) -> uuid.UUID:
        """The id of the order, which is the id of its first piece."""
        return self.items[0].id

    @property
    def count(self) -> int:
        """Number of pieces."""
        return len(self.items)


def _without_defaults(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in defaults or value != defaults[name]}


def _digest(request: Mapping[str, Any]) -> str:
    """Return a digest that does not depend on the order of names."""
    return hashlib.sha256(repr(_sorted(request)).encode()).hexdigest()


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return [(name, _sorted(value[name])) for name in sorted(value)]
    return value
