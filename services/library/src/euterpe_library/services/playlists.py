"""Playlists. Every function runs in its caller's transaction."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from euterpe_service_kit.errors import FieldProblem, Unprocessable
from euterpe_service_kit.etags import require_match, strong_etag
from euterpe_service_kit.tokens import Principal
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.page import Page, Position
from euterpe_library.domain.social import MAX_PLAYLIST_SONGS, MAX_PLAYLISTS, Playlist
from euterpe_library.domain.song import Song
from euterpe_library.errors import PlaylistNotFound, TooMany
from euterpe_library.services.songs import find
from euterpe_library.storage.playlists import PlaylistRepository


async def create(session: AsyncSession, owner: Principal, values: Mapping[str, Any]) -> Playlist:
    """Create an empty playlist. Raises TooMany."""
    playlists = PlaylistRepository(session)
    if await playlists.count(owner.id) >= MAX_PLAYLISTS:
        raise TooMany("playlists", MAX_PLAYLISTS)
    return await playlists.add({**values, "owner_id": owner.id, "author": owner.name})


async def page(session: AsyncSession, owner_id: str, *, limit: int, after: Position | None) -> Page[Playlist]:
    """Return the owner's playlists, newest first."""
    return await PlaylistRepository(session).page(owner_id, limit=limit, after=after)


async def read(session: AsyncSession, playlist_id: uuid.UUID, reader_id: str | None) -> tuple[Playlist, list[Song]]:
    """Return a playlist with those of its songs that the reader may read. Raises PlaylistNotFound."""
    playlists = PlaylistRepository(session)
    found = await playlists.find(playlist_id, reader_id)
    if found is None:
        raise PlaylistNotFound
    return found, await playlists.songs(playlist_id, reader_id)


async def change(
    session: AsyncSession, playlist_id: uuid.UUID, owner_id: str, changes: Mapping[str, Any], if_match: str | None
) -> Playlist:
    """Change some fields. Raises PlaylistNotFound, and PreconditionFailed when `if_match` is another version."""
    await _changeable(session, playlist_id, owner_id, if_match)
    return await PlaylistRepository(session).change(playlist_id, changes)


async def put_songs(
    session: AsyncSession,
    playlist_id: uuid.UUID,
    owner_id: str,
    song_ids: Sequence[uuid.UUID],
    if_match: str | None,
) -> Playlist:
    """Replace the songs. Raises as `change` does, and Unprocessable for a song that the owner may not read."""
    await _changeable(session, playlist_id, owner_id, if_match)
    playlists = PlaylistRepository(session)
    # Songs already in the playlist may stay, even if they were made private meanwhile.
    allowed = set(await playlists.song_ids(playlist_id)) | await playlists.readable(song_ids, owner_id)
    for position, song_id in enumerate(song_ids):
        if song_id not in allowed:
            problem = FieldProblem(f"body.song_ids.{position}", "There is no song with this id that you may read")
            raise Unprocessable(f"{problem.field}: {problem.message}", fields=[problem])
    await playlists.put_songs(playlist_id, song_ids)
    return await playlists.change(playlist_id, {})


async def add_song(session: AsyncSession, playlist_id: uuid.UUID, owner_id: str, song_id: uuid.UUID) -> Playlist:
    """Append a song unless the playlist contains it. Raises PlaylistNotFound, SongNotFound, TooMany."""
    playlist = await _changeable(session, playlist_id, owner_id, None)
    await find(session, song_id, owner_id)
    playlists = PlaylistRepository(session)
    song_ids = await playlists.song_ids(playlist_id)
    if song_id in song_ids:
        return playlist
    if len(song_ids) >= MAX_PLAYLIST_SONGS:
        raise TooMany("songs in a playlist", MAX_PLAYLIST_SONGS)
    await playlists.put_songs(playlist_id, [*song_ids, song_id])
    return await playlists.change(playlist_id, {})


async def remove_song(session: AsyncSession, playlist_id: uuid.UUID, owner_id: str, song_id: uuid.UUID) -> Playlist:
    """Remove a song if the playlist contains it. Raises PlaylistNotFound."""
    playlist = await _changeable(session, playlist_id, owner_id, None)
    playlists = PlaylistRepository(session)
    song_ids = await playlists.song_ids(playlist_id)
    if song_id not in song_ids:
        return playlist
    await playlists.put_songs(playlist_id, [each for each in song_ids if each != song_id])
    return await playlists.change(playlist_id, {})


async def delete(session: AsyncSession, playlist_id: uuid.UUID, owner_id: str, if_match: str | None) -> None:
    """Delete a playlist permanently. Raises as `change` does."""
    await _changeable(session, playlist_id, owner_id, if_match)
    await PlaylistRepository(session).delete(playlist_id)


async def _changeable(session: AsyncSession, playlist_id: uuid.UUID, owner_id: str, if_match: str | None) -> Playlist:
    playlist = await PlaylistRepository(session).locked(playlist_id, owner_id)
    if playlist is None:
        raise PlaylistNotFound
    require_match(if_match, strong_etag(playlist.version))
    return playlist
