"""What routes ask for beside the listener."""

import uuid
from typing import Annotated

from euterpe_service_kit.object_store import ObjectStore
from fastapi import Depends, Path, Query, Request

from euterpe_converter.domain.audio import AudioFormat
from euterpe_converter.services.audio import AudioService

SongId = Annotated[uuid.UUID, Path(description="The song's id.", examples=["0199d3c1-5a70-7cc3-98c4-dc0c0c07398f"])]
FormatInPath = Annotated[AudioFormat, Path(alias="format", description="The file extension.", examples=["mp3"])]
Download = Annotated[
    bool, Query(description="Ask the browser to save the file instead of playing it.", examples=[True])
]


async def get_audio(request: Request) -> AudioService:
    """The use cases that the app wired."""
    audio: AudioService = request.app.state.audio
    return audio


async def get_object_store(request: Request) -> ObjectStore:
    """The store that the app opened."""
    store: ObjectStore = request.app.state.object_store
    return store


AudioDep = Annotated[AudioService, Depends(get_audio)]
ObjectStoreDep = Annotated[ObjectStore, Depends(get_object_store)]
