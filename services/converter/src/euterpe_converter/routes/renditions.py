"""`/api/v1/audio/{song_id}/renditions`: audio rendered in advance."""

from typing import Annotated

from euterpe_service_kit.problems import problem_responses
from euterpe_service_kit.security import CurrentUser
from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from euterpe_converter.dependencies import SongId, requester_of
from euterpe_converter.domain.formats import AudioFormat
from euterpe_converter.services.prerendering import Prerenderer

router = APIRouter(prefix="/api/v1/audio", tags=["audio"], responses=problem_responses(401, 403, 404, 422, 429, 503))


class NewRenditions(BaseModel):
    """The formats to render."""

    model_config = ConfigDict(extra="forbid")

    formats: Annotated[
        set[AudioFormat], Field(min_length=1, description="File extensions.", examples=[["mp3", "flac"]])
    ]


class RenditionItem(BaseModel):
    """A song's audio in one format."""

    format: AudioFormat
    url: str = Field(examples=["/api/v1/audio/0199d3c1-5a70-7cc3-98c4-dc0c0c07398f.mp3"])
    ready: bool = Field(description="Whether it is rendered. If not, it can already be played while it is rendered.")


class RenditionList(BaseModel):
    """The requested formats."""

    items: list[RenditionItem]


@router.post("/{song_id}/renditions", summary="Render a song in advance", status_code=202)
async def prepare_song_audio(request: Request, user: CurrentUser, song_id: SongId, new: NewRenditions) -> RenditionList:
    """Renders the song in these formats in the background, so that playback starts at once and seeking is unrestricted.
    Idempotent: a repeated request reports the progress and renders nothing again.
    """
    prerenderer: Prerenderer = request.app.state.prerenderer
    ready = await prerenderer.prepare(song_id, sorted(new.formats), requester_of(request, user))
    items = [
        RenditionItem(format=kind, url=f"/api/v1/audio/{song_id}.{kind.value}", ready=is_ready)
        for kind, is_ready in ready.items()
    ]
    return RenditionList(items=items)
