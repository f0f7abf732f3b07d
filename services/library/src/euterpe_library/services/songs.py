"""Single songs. Every function runs in its caller's transaction."""

import re
import uuid
import zlib
from collections.abc import Mapping
from typing import Any

from euterpe_service_kit.etags import require_match, strong_etag
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.song import Song, Transfer
from euterpe_library.domain.titles import language_of_number
from euterpe_library.errors import NotComposed, SongNotFound, UserDeleted
from euterpe_library.storage.notifications import NotificationRepository
from euterpe_library.storage.purge import PurgeRepository
from euterpe_library.storage.songs import LockedSong, SongRepository

#: The part of an entity tag after the version.
_COUNTS = re.compile(r'\.[0-9.]*"')


async def find(session: AsyncSession, song_id: uuid.UUID, reader_id: str | None) -> Song:
    """Return a song that the reader may read: an own song, or one that is not private. Raises SongNotFound."""
    song = await SongRepository(session).find(song_id, reader_id)
    if song is None:
        raise SongNotFound
    return song


async def find_own(session: AsyncSession, song_id: uuid.UUID, owner_id: str) -> Song:
    """Return one of the user's own songs. Raises SongNotFound."""
    song = await SongRepository(session).find(song_id, owner_id)
    if song is None or song.owner_id != owner_id:
        raise SongNotFound
    return song


async def change(
    session: AsyncSession, song_id: uuid.UUID, owner_id: str, changes: Mapping[str, Any], if_match: str | None
) -> Song:
    """Change some fields. Raises SongNotFound, and PreconditionFailed when `if_match` is another version."""
    return await (await _changeable(session, song_id, owner_id, if_match)).change(changes)


async def delete(session: AsyncSession, song_id: uuid.UUID, owner_id: str, if_match: str | None) -> None:
    """Move a song to the trash, where it can be restored for 30 days. Raises as `change` does."""
    await (await _changeable(session, song_id, owner_id, if_match)).delete()


async def purge(session: AsyncSession, song_id: uuid.UUID, owner_id: str, if_match: str | None) -> None:
    """Delete a song permanently, whether or not it is in the trash. Raises as `change` does."""
    if if_match is not None:
        await _changeable(session, song_id, owner_id, if_match)
    if not await PurgeRepository(session).purge_song(song_id, owner_id):
        raise SongNotFound


async def restore(session: AsyncSession, song_id: uuid.UUID, owner_id: str) -> Song:
    """Restore a deleted song. Raises SongNotFound when it was not deleted, or more than 30 days ago."""
    locked = await SongRepository(session).locked(song_id, owner_id, deleted=True)
    if locked is None:
        raise SongNotFound
    return await locked.restore()


async def transfer(session: AsyncSession, change: Transfer) -> int:
    """Transfer one user's songs to another, and return how many. Raises UserDeleted when the target was deleted."""
    songs = SongRepository(session)
    if await songs.is_deleted_user(change.to_listener_id):
        raise UserDeleted
    await NotificationRepository(session).transfer(change.from_listener_id, change.to_listener_id)
    return await songs.transfer(change)


def remix_request(song: Song) -> dict[str, Any]:
    """Return the body of a generation request with this song's settings and without a seed. Raises NotComposed.

    A title with a number is left out: the new piece gets the next number.
    """
    if song.model is None:
        raise NotComposed
    settings = {name: song.parameters[name] for name in ("length", "parameters") if name in song.parameters}
    language = language_of_number(song.title)
    title = {"title": song.title} if language is None else {"language": language}
    return {"model": f"{song.model}@{song.model_version}", **title, **settings}


async def _changeable(session: AsyncSession, song_id: uuid.UUID, owner_id: str, if_match: str | None) -> LockedSong:
    locked = await SongRepository(session).locked(song_id, owner_id)
    if locked is None:
        raise SongNotFound
    # Only the version of an entity tag is compared: a like in the meantime is no conflict.
    require_match(if_match and _COUNTS.sub('"', if_match), strong_etag(locked.version))
    return locked


def song_etag(song: Song) -> str:
    """Return the song's entity tag in header form: version, counts, whether the reader likes it, the author's name."""
    name = zlib.crc32(song.author.encode())
    return strong_etag(f"{song.version}.{song.like_count}.{song.comment_count}.{int(song.liked)}.{name}")
