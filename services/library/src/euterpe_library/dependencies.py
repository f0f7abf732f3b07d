"""FastAPI dependencies and parameters that several routes share."""

import uuid
from typing import Annotated

from euterpe_service_kit.database import Database
from euterpe_service_kit.object_store import ObjectStore
from euterpe_service_kit.security import OptionalUser
from fastapi import Depends, Header, Path, Request

from euterpe_library.domain.song import Song
from euterpe_library.services import songs

_EXAMPLE = "0199d3c1-5a70-7cc3-98c4-dc0c0c07398f"
SongId = Annotated[uuid.UUID, Path(description="The song's id.", examples=[_EXAMPLE])]
IfMatch = Annotated[
    str | None, Header(description="Apply only if the entity tag is unchanged; 412 otherwise.", examples=['"1"'])
]
IfNoneMatch = Annotated[
    str | None, Header(description="Answer 304 if the entity tag is unchanged.", examples=['"1.0.0.0.0"'])
]


async def get_object_store(request: Request) -> ObjectStore:
    """Return the object store of the app."""
    store: ObjectStore = request.app.state.object_store
    return store


async def get_database(request: Request) -> Database:
    """Return the database of the app, for handlers that must not hold a transaction while they answer."""
    database: Database = request.app.state.database
    return database


ObjectStoreDep = Annotated[ObjectStore, Depends(get_object_store)]
DatabaseDep = Annotated[Database, Depends(get_database)]


async def readable_song(database: DatabaseDep, user: OptionalUser, song_id: SongId) -> Song:
    """Return the song. Its transaction has ended, because a streamed answer must not hold a connection of the pool."""
    async with database.readers() as session:
        return await songs.find(session, song_id, user.id if user else None)


ReadableSong = Annotated[Song, Depends(readable_song)]
