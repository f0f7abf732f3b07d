"""Registration of finished pieces. Runs in its caller's transaction."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import structlog
from euterpe_service_kit.errors import ServiceError
from euterpe_service_kit.object_store import ObjectStore
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.notifications import LONG_GENERATION_SECONDS, Event, Kind
from euterpe_library.domain.song import NewSong
from euterpe_library.errors import ArtifactCollected, UserDeleted
from euterpe_library.storage.notifications import NotificationRepository
from euterpe_library.storage.registration import RegistrationRepository
from euterpe_library.storage.songs import SongRepository

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Registration:
    """The song of a source id, and whether this call created it."""

    song_id: uuid.UUID
    created: bool


async def register(session: AsyncSession, store: ObjectStore, new: NewSong) -> Registration:
    """Register a finished piece, once per source id even for concurrent calls.

    Raises UserDeleted, and ArtifactCollected when the object was removed as unused.
    """
    [outcome] = await register_all(session, store, [new])
    if isinstance(outcome, ServiceError):
        raise outcome
    return outcome


async def register_all(
    session: AsyncSession, store: ObjectStore, songs: Sequence[NewSong]
) -> list[Registration | ServiceError]:
    """Register many pieces; the error of a refused one takes its place in the result."""
    registrations = RegistrationRepository(session)
    conflicts = await registrations.conflicts(songs)
    refused: dict[int, ServiceError] = {}
    for position, song in enumerate(songs):
        if song.owner_id in conflicts:
            refused[position] = UserDeleted()
        elif await is_collected(store, conflicts.intersection(song.object_keys)):
            refused[position] = ArtifactCollected()
    accepted = [await _with_readable_remix_of(session, song) for n, song in enumerate(songs) if n not in refused]
    added = await registrations.add(await registrations.with_numbers(accepted)) if accepted else {}
    others = [song.source_id for song in accepted if song.source_id not in added]
    known = await registrations.known(others) if others else {}
    if added:
        log.info("songs_registered", songs=len(added))
        await _notify(session, accepted, added)
    outcomes = iter([_registration(song.source_id, added, known) for song in accepted])
    return [refused[position] if position in refused else next(outcomes) for position in range(len(songs))]


async def is_collected(store: ObjectStore, keys: Iterable[str]) -> bool:
    """Return whether one of these objects, which were removed as unused, was not stored again since."""
    for key in keys:
        if await store.head(key) is None:
            return True
    return False


def _registration(source: str, added: dict[str, uuid.UUID], known: dict[str, uuid.UUID]) -> Registration:
    # Removed from `added`, so that of two equal source ids in one call, one has created the song.
    song_id = added.pop(source, None)
    if song_id is not None:
        known[source] = song_id
        return Registration(song_id, created=True)
    return Registration(known[source], created=False)


async def _with_readable_remix_of(session: AsyncSession, song: NewSong) -> NewSong:
    source = _source_of(song)
    if source is not None and await SongRepository(session).find(source, song.owner_id) is None:
        source = None
    return song if source == song.remix_of else song.model_copy(update={"remix_of": source})


async def _notify(session: AsyncSession, songs: Sequence[NewSong], added: Mapping[str, uuid.UUID]) -> None:
    """Notify owners of pieces that took long: they may have left the page."""
    events = [
        Event(song.owner_id, Kind.GENERATION, f"generation:{added[song.source_id]}", song_id=added[song.source_id])
        for song in songs
        if song.source_id in added and (song.composing_seconds or 0.0) >= LONG_GENERATION_SECONDS
    ]
    await NotificationRepository(session).add(*events)


def _source_of(song: NewSong) -> uuid.UUID | None:
    """Return the song that a piece derives from: the one it remixes, continues, accompanies or changes."""
    prompt = song.parameters.get("prompt")
    continued = prompt.get("song_id") if isinstance(prompt, dict) else None
    named = song.remix_of or song.parameters.get("remix_of") or continued
    try:
        return named if named is None or isinstance(named, uuid.UUID) else uuid.UUID(str(named))
    except ValueError:
        return None
