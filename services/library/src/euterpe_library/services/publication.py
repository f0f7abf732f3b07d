"""Changes of a song that others notice: its publication. Runs in its caller's transaction."""

import uuid
from collections.abc import Mapping
from typing import Any

from euterpe_service_kit.tokens import Principal
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.details import Visibility
from euterpe_library.domain.notifications import Event, Kind
from euterpe_library.domain.song import Song
from euterpe_library.services import songs
from euterpe_library.services.community import take_part
from euterpe_library.storage.notifications import NotificationRepository
from euterpe_library.storage.songs import SongRepository


async def change(
    session: AsyncSession, song_id: uuid.UUID, user: Principal, changes: Mapping[str, Any], if_match: str | None
) -> Song:
    """Change some fields of a song. Raises as `songs.change` does, and Banned when it would be published."""
    is_published = changes.get("visibility", Visibility.PRIVATE) != Visibility.PRIVATE
    if is_published:
        await take_part(session, user)
    song = await songs.change(session, song_id, user.id, changes, if_match)
    if is_published:
        await notify_of_remix(session, song, user.id, user.name)
    return song


async def notify_of_remix(session: AsyncSession, song: Song, author_id: str, author: str) -> None:
    """Notify the owner of the song that a published one derives from, once."""
    source = None if song.remix_of is None else await SongRepository(session).find(song.remix_of, author_id)
    if source is not None:
        event = Event(source.owner_id, Kind.REMIX, f"remix:{song.id}", author_id, author, song.id)
        await NotificationRepository(session).add(event)
