"""What one can do with single songs. Every function runs in its caller's transaction."""

import re
import uuid
from collections.abc import Mapping
from typing import Any

from euterpe_service_kit.etags import require_match, strong_etag
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.song import Song, Transfer
from euterpe_library.errors import ListenerDeleted, NotComposed, SongNotFound
from euterpe_library.storage.songs import LockedSong, SongRepository

#: The part of an entity tag behind the version.
_COUNTS = re.compile(r'\.[0-9.]*"')


async def find(session: AsyncSession, song_id: uuid.UUID, reader_id: str | None) -> Song:
    """A song that the reader may read: an own one, or one that is not private. Raises SongNotFound otherwise."""
    song = await SongRepository(session).find(song_id, reader_id)
    if song is None:
        raise SongNotFound
    return song


async def find_own(session: AsyncSession, song_id: uuid.UUID, owner_id: str) -> Song:
    """One of the listener's own songs. Raises SongNotFound."""
    song = await SongRepository(session).find(song_id, owner_id)
    if song is None or song.owner_id != owner_id:
        raise SongNotFound
    return song


async def change(
    session: AsyncSession, song_id: uuid.UUID, owner_id: str, changes: Mapping[str, Any], if_match: str | None
) -> Song:
    """Changes some fields. Raises SongNotFound; PreconditionFailed when `if_match` names another version."""
    return await (await _changeable(session, song_id, owner_id, if_match)).change(changes)


async def delete(session: AsyncSession, song_id: uuid.UUID, owner_id: str, if_match: str | None) -> None:
    """Takes the song out of its owner's library, to be restored within 30 days. Raises as `change` does."""
    await (await _changeable(session, song_id, owner_id, if_match)).delete()


async def restore(session: AsyncSession, song_id: uuid.UUID, owner_id: str) -> Song:
    """Brings a deleted song back. Raises SongNotFound when it was not deleted, or too long ago."""
    locked = await SongRepository(session).locked(song_id, owner_id, deleted=True)
    if locked is None:
        raise SongNotFound
    return await locked.restore()


async def transfer(session: AsyncSession, change: Transfer) -> int:
    """Gives one listener's songs to another; returns how many. Raises ListenerDeleted when the other one is gone."""
    songs = SongRepository(session)
    if await songs.is_deleted_listener(change.to_listener_id):
        raise ListenerDeleted
    return await songs.transfer(change)


def remix_request(song: Song) -> dict[str, Any]:
    """The body of a generation with this song's settings and a seed that is still to be drawn. Raises NotComposed."""
    if song.model is None:
        raise NotComposed
    settings = {name: song.parameters[name] for name in ("length", "parameters") if name in song.parameters}
    return {"model": f"{song.model}@{song.model_version}", "title": song.title, **settings}


async def _changeable(session: AsyncSession, song_id: uuid.UUID, owner_id: str, if_match: str | None) -> LockedSong:
    locked = await SongRepository(session).locked(song_id, owner_id)
    if locked is None:
        raise SongNotFound
    # Of an entity tag, only the version counts here: that somebody liked the song meanwhile is no conflict.
    require_match(if_match and _COUNTS.sub('"', if_match), strong_etag(locked.version))
    return locked


def song_etag(song: Song) -> str:
    """The song's entity tag in header form: version, and what else changes in an answer."""
    return strong_etag(f"{song.version}.{song.like_count}.{song.comment_count}.{int(song.liked)}")
