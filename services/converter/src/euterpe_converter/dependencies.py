"""What routes ask for beside the listener."""

import uuid
from typing import Annotated

from fastapi import Depends, Path, Request

from euterpe_converter.domain.audio import AudioFormat
from euterpe_converter.services.audio import AudioService

SongId = Annotated[uuid.UUID, Path(description="The song's id.", examples=["0199d3c1-5a70-7cc3-98c4-dc0c0c07398f"])]
FormatInPath = Annotated[AudioFormat, Path(alias="format", description="The file extension.", examples=["mp3"])]


async def get_audio(request: Request) -> AudioService:
    """The use cases that the app wired."""
    audio: AudioService = request.app.state.audio
    return audio


AudioDep = Annotated[AudioService, Depends(get_audio)]
