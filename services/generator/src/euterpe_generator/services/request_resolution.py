"""Resolution of requests: everything that determines the music is fixed, or the request is rejected with the reason."""

import asyncio
import json
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from euterpe_music.seed import MAX_SEED
from euterpe_service_kit.object_store import ObjectStore

from euterpe_generator.clients.library import LibraryClient
from euterpe_generator.domain.generation import Owner, creation_parameters
from euterpe_generator.domain.prompt import Prompt, PromptUse
from euterpe_generator.domain.requests import (
    ComparisonVariant,
    GenerationRequest,
    Order,
    OrderItem,
    PromptSource,
)
from euterpe_generator.domain.titles import labelled_title, piece_title
from euterpe_generator.errors import InvalidParameters
from euterpe_generator.models.catalogue import Catalogue, Model

#: What a model can do with a prompt, by its kind; others can only continue it.
PROMPT_USES: Final[Mapping[str, tuple[PromptUse, ...]]] = {
    "ensemble": ("continue", "accompany", "replace"),
    "melody": ("continue", "replace"),
}
#: The library's limit of a song's creation parameters, in characters of JSON.
_MAX_REGISTERED_CHARACTERS: Final = 16_384


class RequestResolver:
    """Turns requests into orders."""

    def __init__(self, catalogue: Catalogue, library: LibraryClient, store: ObjectStore) -> None:
        self._catalogue = catalogue
        self._library = library
        self._store = store

    async def resolve(self, owner: Owner, request: GenerationRequest) -> Order:
        """Return the order for a request; its variations have consecutive seeds.

        Raises InvalidParameters, and Unavailable if a prompt's song cannot be fetched.
        """
        has_length = request.length is not None
        model = self._catalogue.resolve(request.model, has_length=has_length, user=owner.key)
        item = await self._item(owner, request, model, "body.parameters", None)
        numbers = range(request.count)
        items = [replace(item, id=uuid.uuid4(), seed=(item.seed + n) % (MAX_SEED + 1)) for n in numbers]
        # Default titles are numbered in the library.
        if request.count > 1 and request.title is not None:
            items = [replace(one, title=f"{one.title} ({n + 1})") for n, one in enumerate(items)]
        return Order(model.name, model.version, tuple(items), background=request.background)

    async def resolve_comparison(
        self, owner: Owner, request: GenerationRequest, variants: Sequence[ComparisonVariant]
    ) -> Order:
        """Return the order of one piece per variant, all with the same seed and prompt; see `resolve`."""
        has_length = request.length is not None
        default = self._catalogue.resolve(request.model, has_length=has_length, user=owner.key)
        seed = _seed(request)
        items: list[OrderItem] = []
        # Each model reads a prompt in its own way, once for all of its variants.
        prompts: dict[str, Prompt | None] = {}
        for number, variant in enumerate(variants):
            field_name = f"body.variants.{number}"
            model = default
            if variant.model is not None:
                model = self._catalogue.resolve(variant.model, field_name=f"{field_name}.model", user=owner.key)
            varied = replace(request, seed=seed, parameters={**request.parameters, **variant.parameters})
            item = await self._item(owner, varied, model, f"{field_name}.parameters", prompts.get(model.key))
            prompts[model.key] = item.prompt
            title = labelled_title(item.title, variant.label)
            items.append(replace(item, label=variant.label, title=title, model=(model.name, model.version)))
        return Order(default.name, default.version, tuple(items))

    async def _item(
        self, owner: Owner, request: GenerationRequest, model: Model, field_name: str, prompt: Prompt | None
    ) -> OrderItem:
        parameters = model.check_parameters(field_name, request.parameters)
        if prompt is None and request.prompt is not None:
            uses = PROMPT_USES.get(model.kind, ("continue",))
            if request.prompt.use not in uses:
                message = f"must be {' or '.join(uses)}, which is all that the model {model.name} can do with a prompt"
                raise InvalidParameters.for_field("body.prompt.use", message, uses=list(uses))
            midi, stored = await self._prompt_file(owner, request.prompt)
            read = await asyncio.to_thread(model.adapter.read_prompt, midi, request.prompt, parameters, stored)
            prompt = replace(read, song_id=request.prompt.song_id)
        parameters = model.adapter.resolve_parameters(parameters, request.parameters, prompt)
        length = model.adapter.count_steps(request.length, parameters, prompt)
        _require_registrable(length, parameters, prompt)
        return OrderItem(
            id=uuid.uuid4(),
            seed=_seed(request),
            length=length,
            estimate=model.adapter.estimate(length, parameters),
            title=request.title or piece_title(parameters, None, request.language),
            title_language=None if request.title else request.language,
            remix_of=request.remix_of,
            parameters=parameters,
            prompt=prompt,
        )

    async def _prompt_file(self, owner: Owner, source: PromptSource) -> tuple[bytes, Mapping[str, Any]]:
        """Return a prompt's MIDI file and, for a generated song, the parameters that it was generated with."""
        if (source.midi is None) == (source.song_id is None):
            raise InvalidParameters.for_field("body.prompt", "must have either midi or song_id, not both")
        if source.midi is not None:
            return source.midi, {}
        assert source.song_id is not None
        song = await self._library.find_song(source.song_id, owner)
        if song is None:
            message = "must be the id of a song that exists and that you may read"
            raise InvalidParameters.for_field("body.prompt.song_id", message)
        return await self._store.get(song.midi_key), song.parameters


def _require_registrable(length: int, parameters: Mapping[str, Any], prompt: Prompt | None) -> None:
    """Reject a request whose piece the library would refuse, before it is composed."""
    size = len(json.dumps(creation_parameters(length, parameters, prompt), ensure_ascii=False))
    if size > _MAX_REGISTERED_CHARACTERS:
        message = (
            f"has too many notes: with the settings it needs {size} characters, and at most "
            f"{_MAX_REGISTERED_CHARACTERS} can be stored; use fewer bars or a simpler melody"
        )
        raise InvalidParameters.for_field("body.prompt", message, maximum_characters=_MAX_REGISTERED_CHARACTERS)


def _seed(request: GenerationRequest) -> int:
    return secrets.randbelow(MAX_SEED + 1) if request.seed is None else request.seed
