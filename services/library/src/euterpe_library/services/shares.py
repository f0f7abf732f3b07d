"""Sharing songs by links. Every function runs in its caller's transaction."""

import uuid
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.share import MAX_SHARES, MAX_TOKEN_LENGTH, Share, digest, new_token
from euterpe_library.domain.song import Song
from euterpe_library.errors import ShareNotFound, SongNotFound, TooMany
from euterpe_library.services.songs import find_own
from euterpe_library.storage.shares import ShareRepository
from euterpe_library.storage.songs import SongRepository


async def share(
    session: AsyncSession,
    song_id: uuid.UUID,
    owner_id: str,
    *,
    label: str,
    allow_download: bool,
    expires_at: datetime | None,
) -> tuple[Share, str]:
    """A new link, with its token, which can be had this once only. Raises SongNotFound, TooMany."""
    if await SongRepository(session).locked(song_id, owner_id) is None:
        raise SongNotFound
    shares = ShareRepository(session)
    if len(await shares.of_song(song_id)) >= MAX_SHARES:
        raise TooMany("links to a song", MAX_SHARES)
    token = new_token()
    made = await shares.add(song_id, digest(token), label=label, allow_download=allow_download, expires_at=expires_at)
    return made, token


async def links(session: AsyncSession, song_id: uuid.UUID, owner_id: str) -> list[Share]:
    """The links to one's song, without their tokens. Raises SongNotFound."""
    await find_own(session, song_id, owner_id)
    return await ShareRepository(session).of_song(song_id)


async def revoke(session: AsyncSession, song_id: uuid.UUID, share_id: uuid.UUID, owner_id: str) -> None:
    """Makes a link worthless at once. Raises SongNotFound, ShareNotFound."""
    await find_own(session, song_id, owner_id)
    if not await ShareRepository(session).revoke(song_id, share_id):
        raise ShareNotFound


async def view(session: AsyncSession, token: str) -> tuple[Share, Song]:
    """What a link shows; counts the look. Raises ShareNotFound."""
    return await _shared(session, await ShareRepository(session).view(digest(token)))


async def open_link(session: AsyncSession, token: str) -> tuple[Share, Song]:
    """What a link shows, uncounted: for the files that a look leads to. Raises ShareNotFound."""
    return await _shared(session, await ShareRepository(session).find(digest(token)))


async def resolve(session: AsyncSession, song_id: uuid.UUID, reader_id: str | None, token: str) -> tuple[Song, bool]:
    """A song for one who may read it, or holds a link to it; and whether it may be downloaded. Raises SongNotFound."""
    songs = SongRepository(session)
    if song := await songs.find(song_id, reader_id):
        return song, True
    if 0 < len(token) <= MAX_TOKEN_LENGTH:
        link = await ShareRepository(session).find(digest(token))
        if link is not None and link.song_id == song_id and (song := await songs.find_any(song_id)):
            return song, link.allow_download
    raise SongNotFound


async def _shared(session: AsyncSession, link: Share | None) -> tuple[Share, Song]:
    song = await SongRepository(session).find_any(link.song_id) if link else None
    if link is None or song is None:
        raise ShareNotFound
    return link, song
