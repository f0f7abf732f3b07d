"""The listening test: pairs of a real and a composed piece, and what users answer."""

import random
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from euterpe_music.midi import read_midi
from euterpe_service_kit.database import Database
from euterpe_service_kit.object_store import ObjectStore

from euterpe_generator.domain.blind_midi import blind_midi
from euterpe_generator.domain.excerpts import Excerpt, load_excerpts
from euterpe_generator.domain.generation import Generation, Owner
from euterpe_generator.domain.listening import (
    COMPOSED_TIMES,
    PAIR_LIFETIME,
    PIECE_TITLE,
    Answer,
    Pair,
    Side,
    Summary,
)
from euterpe_generator.domain.requests import GenerationRequest
from euterpe_generator.errors import InvalidParameters, NoListeningTest, NotFinished, PairAlreadyAnswered, PairNotFound
from euterpe_generator.models.catalogue import Catalogue, Model
from euterpe_generator.services.generations import GenerationService
from euterpe_generator.storage.listening import ListeningRepository

_KIND: Final = "ensemble"
_RANDOM: Final = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class ListeningPair:
    """A pair with what is played."""

    pair: Pair
    excerpt: Excerpt
    generation: Generation


class ListeningService:
    """Creates pairs, serves their files, and stores and reports answers.

    The composed piece is an anonymous user's generation, whoever asks, so that no library reveals it.
    """

    def __init__(
        self, database: Database, store: ObjectStore, catalogue: Catalogue, generations: GenerationService
    ) -> None:
        self._database = database
        self._store = store
        self._catalogue = catalogue
        self._generations = generations

    async def create(self, address: str, played: Collection[str], *, wait_seconds: float = 0) -> ListeningPair:
        """Compose a piece like a random excerpt, preferably one that is not in `played`, and pair them.

        Raises NoListeningTest without an ensemble model, and the errors of GenerationService.create.
        """
        model = self._catalogue.default
        requests = _requests(model)
        if not requests:
            raise NoListeningTest
        excerpt_id = _RANDOM.choice([one for one in requests if one not in played] or list(requests))
        request = requests[excerpt_id]
        owner = Owner.anonymous(address)
        [generation] = await self._generations.create(owner, request, None, wait_seconds=wait_seconds)
        now = datetime.now(UTC)
        pair = Pair(
            id=uuid.uuid4(),
            excerpt_id=excerpt_id,
            style=str(request.parameters["style"]),
            generation_id=generation.id,
            model=generation.model,
            model_version=generation.model_version,
            seed=generation.seed,
            person=_RANDOM.choice(list(Side)),
            created_at=now,
            expires_at=now + PAIR_LIFETIME,
        )
        async with self._database.sessions.begin() as session:
            await ListeningRepository(session).add(pair)
        return ListeningPair(pair, load_excerpts()[excerpt_id], generation)

    async def get(self, pair_id: uuid.UUID, *, wait_seconds: float = 0) -> ListeningPair:
        """Return a pair, once its piece is composed or after the wait. Raises PairNotFound for an expired one, too."""
        async with self._database.sessions() as session:
            pair = await ListeningRepository(session).get(pair_id)
        excerpt = None if pair is None else load_excerpts().get(pair.excerpt_id)
        if pair is None or excerpt is None:
            raise PairNotFound
        generation = await self._generations.get(pair.generation_id, Owner.anonymous(""))
        if wait_seconds and not generation.status.ended:
            generation = await self._generations.wait(generation, wait_seconds)
        return ListeningPair(pair, excerpt, generation)

    async def midi(self, pair_id: uuid.UUID, side: Side) -> bytes:
        """Return one piece of a pair as a MIDI file. Raises PairNotFound, and NotFinished before both can be played."""
        found = await self.get(pair_id)
        # Neither is served earlier, because the one that is there first would be the real one.
        if found.generation.midi_key is None:
            raise NotFinished("The pair is not ready: one piece is still being composed.")
        if side is found.pair.person:
            return blind_midi(found.excerpt.read(), found.excerpt)
        return blind_midi(read_midi(await self._store.get(found.generation.midi_key)), found.excerpt)

    async def answer(self, pair_id: uuid.UUID, answer: Answer) -> ListeningPair:
        """Store the answer to a pair. Raises PairNotFound, NotFinished and PairAlreadyAnswered."""
        found = await self.get(pair_id)
        if found.generation.midi_key is None:
            raise NotFinished("The pair is not ready: one piece is still being composed.")
        async with self._database.sessions.begin() as session:
            if not await ListeningRepository(session).answer(pair_id, answer):
                raise PairAlreadyAnswered
        return await self.get(pair_id)

    async def answers(self, *, after: uuid.UUID | None, limit: int) -> Sequence[Pair]:
        """Return answered pairs in the order of their answers, after one of them."""
        async with self._database.sessions() as session:
            return await ListeningRepository(session).answered(after=after, limit=limit)

    async def summaries(self) -> Sequence[Summary]:
        """Return the shares of answers per style and model version."""
        async with self._database.sessions() as session:
            return await ListeningRepository(session).summaries()


def _requests(model: Model) -> Mapping[str, GenerationRequest]:
    """Return the requests for pieces like each of the excerpts, by id; without those that the model cannot compose."""
    if model.kind != _KIND:
        return {}
    styles = next(set(one.choices) for one in model.sampling.parameters if one.name == "style")
    found = {}
    for excerpt in load_excerpts().values():
        parameters = {
            "style": _known_style(excerpt.style, styles),
            "parts": ", ".join(excerpt.parts),
            "key": excerpt.key,
            "meter": excerpt.meter,
            "tempo": excerpt.tempo,
            "bars": excerpt.bars * COMPOSED_TIMES,
        }
        try:
            model.check_parameters("body.parameters", parameters)
        except InvalidParameters:
            continue
        found[excerpt.id] = GenerationRequest(model.key, None, None, PIECE_TITLE, parameters=parameters)
    return found


def _known_style(path: str, known: Collection[object]) -> str:
    """Return the longest beginning of a style's path that the model knows; the path itself if it knows none."""
    names = path.split("/")
    beginnings = ("/".join(names[:count]) for count in range(len(names), 0, -1))
    return next((one for one in beginnings if one in known), path)
