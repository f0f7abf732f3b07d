"""What one can do with songs. Every function runs in its caller's transaction."""

import uuid
from dataclasses import dataclass

import structlog
from euterpe_service_kit.etags import require_match, strong_etag
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.page import Page, Position
from euterpe_library.domain.song import NewSong, Song
from euterpe_library.errors import SongNotFound
from euterpe_library.storage.songs import LockedSong, SongRepository

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Registration:
    """The song of a source id, and whether this call made it."""

    song_id: uuid.UUID
    created: bool


async def register(session: AsyncSession, new: NewSong) -> Registration:
    """Keeps a finished piece, once for each source id however often and however concurrently it is called."""
    songs = SongRepository(session)
    song_id = await songs.add(new)
    if song_id is not None:
        log.info("song_registered", song_id=str(song_id), source_id=new.source_id)
        return Registration(song_id, created=True)
    known = await songs.id_of_source(new.source_id)
    assert known is not None, "rows are never removed, so what conflicted is there"
    return Registration(known, created=False)


async def page(session: AsyncSession, owner_id: str, *, search: str, limit: int, after: Position | None) -> Page:
    """The owner's songs, newest first, whose title contains `search` without regard to case and accents."""
    return await SongRepository(session).page(owner_id, search=search, limit=limit, after=after)


async def find(session: AsyncSession, song_id: uuid.UUID, listener_id: str) -> Song:
    """A song that the listener may read, which today is one of their own. Raises SongNotFound otherwise."""
    song = await SongRepository(session).find(song_id, listener_id)
    if song is None:
        raise SongNotFound
    return song


async def rename(session: AsyncSession, song_id: uuid.UUID, owner_id: str, title: str, if_match: str | None) -> Song:
    """Gives the song another title. Raises SongNotFound; PreconditionFailed when `if_match` names another version."""
    return await (await _changeable(session, song_id, owner_id, if_match)).rename(title)


async def delete(session: AsyncSession, song_id: uuid.UUID, owner_id: str, if_match: str | None) -> None:
    """Takes the song out of its owner's library. Raises as `rename` does."""
    await (await _changeable(session, song_id, owner_id, if_match)).delete()


async def _changeable(session: AsyncSession, song_id: uuid.UUID, owner_id: str, if_match: str | None) -> LockedSong:
    locked = await SongRepository(session).locked(song_id, owner_id)
    if locked is None:
        raise SongNotFound
    require_match(if_match, song_etag(locked.song))
    return locked


def song_etag(song: Song) -> str:
    """The song's entity tag in header form: it changes with every change of the song."""
    return strong_etag(song.version)
