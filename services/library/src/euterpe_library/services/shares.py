"""Share links. Every function runs in its caller's transaction."""

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
    """Create a link, and return it with its token, which is not stored. Raises SongNotFound, TooMany."""
    if await SongRepository(session).locked(song_id, owner_id) is None:
        raise SongNotFound
    shares = ShareRepository(session)
    if len(await shares.of_song(song_id)) >= MAX_SHARES:
        raise TooMany("share links per song", MAX_SHARES)
    token = new_token()
    created = await shares.add(
        song_id, digest(token), label=label, allow_download=allow_download, expires_at=expires_at
    )
    return created, token


async def links(session: AsyncSession, song_id: uuid.UUID, owner_id: str) -> list[Share]:
    """Return the links to an own song, without their tokens. Raises SongNotFound."""
    await find_own(session, song_id, owner_id)
    return await ShareRepository(session).of_song(song_id)


async def revoke(session: AsyncSession, song_id: uuid.UUID, share_id: uuid.UUID, owner_id: str) -> None:
    """Revoke a link with immediate effect. Raises SongNotFound, ShareNotFound."""
    await find_own(session, song_id, owner_id)
    if not await ShareRepository(session).revoke(song_id, share_id):
        raise ShareNotFound


async def view(session: AsyncSession, token: str) -> tuple[Share, Song]:
    """Return the song of a link, and count the view. Raises ShareNotFound."""
    return await _shared(session, await ShareRepository(session).view(digest(token)))


async def open_link(session: AsyncSession, token: str) -> tuple[Share, Song]:
    """Return the song of a link without counting a view, e.g. for its files. Raises ShareNotFound."""
    return await _shared(session, await ShareRepository(session).find(digest(token)))


async def resolve(session: AsyncSession, song_id: uuid.UUID, reader_id: str | None, token: str) -> tuple[Song, bool]:
    """Return a song for a reader or the holder of a link, and whether it may be downloaded. Raises SongNotFound."""
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
