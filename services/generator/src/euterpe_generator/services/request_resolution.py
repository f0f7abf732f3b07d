"""From a wish to an order: everything that decides the music is fixed, or the wish is refused with what is wrong."""

import asyncio
import hashlib
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from euterpe_service_kit.object_store import ObjectStore

from euterpe_generator.clients.library import LibraryClient
from euterpe_generator.domain.generation import MAX_SEED, Listener, Order, OrderedPiece, Prompt
from euterpe_generator.models.adapters import wrong
from euterpe_generator.models.catalogue import Catalogue, Model, checked_parameters

MAX_TITLE: Final = 200
#: More bars of a prompt cannot be asked for; models take fewer.
MAX_PROMPT_BARS: Final = 1_000


@dataclass(frozen=True, slots=True)
class PromptWish:
    """What a piece is to begin with: a MIDI file, or a song that the listener may read; its first `bars` bars."""

    midi: bytes | None = None
    song_id: str | None = None
    bars: int | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """A request as it came: what is None is chosen by the service."""

    model: str | None
    seed: int | None
    length: int | None
    title: str | None
    count: int = 1
    background: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict)
    prompt: PromptWish | None = None

    @property
    def digest(self) -> str:
        """Tells two requests apart, for Idempotency-Key."""
        return digest(asdict(self))


def digest(request: Mapping[str, Any]) -> str:
    """Equal for requests that differ in the order of their names alone."""
    return hashlib.sha256(repr(_ordered(request)).encode()).hexdigest()


class Ordering:
    """Fixes what wishes leave open."""

    def __init__(self, catalogue: Catalogue, library: LibraryClient, store: ObjectStore) -> None:
        self._catalogue = catalogue
        self._library = library
        self._store = store

    async def order(self, listener: Listener, wish: Wish) -> Order:
        """The order for a wish: variations have neighbouring seeds. Raises InvalidParameters, and what a prompt's
        song raises that is not there.
        """
        model = self._catalogue.find(wish.model)
        piece = await self._piece(listener, wish, model, "body.parameters", None)
        numbers = range(wish.count)
        pieces = [replace(piece, id=uuid.uuid4(), seed=(piece.seed + n) % (MAX_SEED + 1)) for n in numbers]
        if wish.count > 1:
            pieces = [replace(one, title=f"{one.title} ({n + 1})") for n, one in enumerate(pieces)]
        return Order(model.name, model.version, tuple(pieces), background=wish.background)

    async def comparison(
        self, listener: Listener, wish: Wish, variants: Sequence[tuple[str, Mapping[str, Any]]]
    ) -> Order:
        """The order of one piece per variant (its label, and the parameters in which it differs), all of one seed."""
        model = self._catalogue.find(wish.model)
        seed = _seed(wish)
        title = wish.title or model.title
        pieces: list[OrderedPiece] = []
        for number, (label, parameters) in enumerate(variants):
            named = f"{title[: MAX_TITLE - len(label) - 3]} ({label})"
            one = replace(wish, seed=seed, title=named, parameters={**wish.parameters, **parameters})
            known = pieces[0].prompt if pieces else None
            field_name = f"body.variants.{number}.parameters"
            pieces.append(await self._piece(listener, one, model, field_name, known))
        return Order(model.name, model.version, tuple(pieces))

    async def _piece(
        self, listener: Listener, wish: Wish, model: Model, field_name: str, prompt: Prompt | None
    ) -> OrderedPiece:
        settings = checked_parameters(field_name, wish.parameters, model)
        if prompt is None and wish.prompt is not None:
            midi = await self._midi(listener, wish.prompt)
            read = await asyncio.to_thread(model.family.read_prompt, midi, wish.prompt.bars, settings)
            prompt = replace(read, song_id=wish.prompt.song_id)
        settings = model.family.prepare(settings, wish.parameters, prompt)
        return OrderedPiece(
            id=uuid.uuid4(),
            seed=_seed(wish),
            length=model.family.steps(wish.length, settings, prompt),
            title=wish.title or model.title,
            parameters=settings,
            prompt=prompt,
        )

    async def _midi(self, listener: Listener, wish: PromptWish) -> bytes:
        if (wish.midi is None) == (wish.song_id is None):
            raise wrong("body.prompt", "needs either midi or song_id, and not both")
        if wish.midi is not None:
            return wish.midi
        assert wish.song_id is not None
        key = await self._library.midi_key(wish.song_id, listener)
        if key is None:
            raise wrong("body.prompt.song_id", "there is no song with this id that you may read")
        return await self._store.get(key)


def _seed(wish: Wish) -> int:
    return secrets.randbelow(MAX_SEED + 1) if wish.seed is None else wish.seed


def _ordered(value: Any) -> Any:
    if isinstance(value, Mapping):
        return [(name, _ordered(value[name])) for name in sorted(value)]
    return value
