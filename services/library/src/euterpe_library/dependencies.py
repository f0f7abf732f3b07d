"""What routes ask for beside the listener and the session."""

import uuid
from typing import Annotated

from euterpe_service_kit.database import Database
from euterpe_service_kit.object_store import ObjectStore
from euterpe_service_kit.security import CurrentUser
from fastapi import Depends, Header, Path, Request

from euterpe_library.domain.song import Song
from euterpe_library.services import songs

SongId = Annotated[uuid.UUID, Path(description="The song's id.", examples=["0199d3c1-5a70-7cc3-98c4-dc0c0c07398f"])]
IfMatch = Annotated[
    str | None, Header(description="Act only if the song still has this entity tag; 412 otherwise.", examples=['"1"'])
]
IfNoneMatch = Annotated[
    str | None, Header(description="Answer 304 if the song still has this entity tag.", examples=['"1"'])
]


async def get_object_store(request: Request) -> ObjectStore:
    """The store that the app opened."""
    store: ObjectStore = request.app.state.object_store
    return store


ObjectStoreDep = Annotated[ObjectStore, Depends(get_object_store)]


async def readable_song(request: Request, user: CurrentUser, song_id: SongId) -> Song:
    """The song, read in a transaction that has ended: streams must not hold a connection of the pool."""
    database: Database = request.app.state.database
    async with database.sessions() as session:
        return await songs.find(session, song_id, user.id)


ReadableSong = Annotated[Song, Depends(readable_song)]
