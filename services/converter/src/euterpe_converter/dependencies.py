"""What routes ask for beside the listener."""

import uuid
from typing import Annotated, Any

from fastapi import Depends, Path, Request
from pydantic import Field

from euterpe_converter.domain.audio import AudioFormat
from euterpe_converter.services.audio import AudioService
from euterpe_converter.services.pictures import PictureService

SongId = Annotated[uuid.UUID, Path(description="The song's id.", examples=["0199d3c1-5a70-7cc3-98c4-dc0c0c07398f"])]
FormatInPath = Annotated[AudioFormat, Path(alias="format", description="The file extension.", examples=["mp3"])]

_LONGEST_TOKEN = 200
#: The token must not leak from the page that uses it, nor what it opens stay in a cache after the link was revoked.
_DISCREET = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


def share_field() -> Any:
    """The query parameter with the token of a share link."""
    return Field(
        default="",
        max_length=_LONGEST_TOKEN,
        description="The token of a share link to this song, in place of a login.",
        examples=["mJ0w3Xb1p5cV8nQe7sTzR2uYk4iLaH6d"],
    )


def discretion(share: str) -> dict[str, str]:
    """Headers of what was asked for with the token of a share link; none without one."""
    return _DISCREET if share else {}


async def get_audio(request: Request) -> AudioService:
    """The use cases that the app wired."""
    audio: AudioService = request.app.state.audio
    return audio


async def get_pictures(request: Request) -> PictureService:
    """The use cases of pictures."""
    pictures: PictureService = request.app.state.pictures
    return pictures


PicturesDep = Annotated[PictureService, Depends(get_pictures)]
AudioDep = Annotated[AudioService, Depends(get_audio)]
