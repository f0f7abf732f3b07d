"""`/api/v1/stems/{song_id}.zip`: the tracks of songs."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Annotated, Any, Literal

from euterpe_music.titles import file_name
from euterpe_service_kit.artifacts import content_disposition
from euterpe_service_kit.problems import problem_responses
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.types import Receive, Scope, Send

from euterpe_converter.dependencies import (
    AudioDep,
    RequesterDep,
    SongId,
    StemsDep,
    share_field,
    share_link_headers,
)
from euterpe_converter.domain.audio import RenderOptions
from euterpe_converter.domain.formats import AudioFormat
from euterpe_converter.routes.budget_headers import budget_headers
from euterpe_converter.routes.disconnect import while_connected
from euterpe_converter.services.options import AudioOptions

router = APIRouter(
    prefix="/api/v1/stems", tags=["audio"], responses=problem_responses(401, 403, 404, 422, 429, 500, 503)
)
_ZIP: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The archive.",
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class StemOptions(BaseModel):
    """Options of stems."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    format: AudioFormat | Literal["mid"] = Field(
        default=AudioFormat.WAV, description="Format of the files: audio, or MIDI.", examples=["wav"]
    )
    sample_rate: int | None = Field(
        default=None, ge=8_000, le=96_000, description="Frames per second.", examples=[44100]
    )
    bit_depth: int | None = Field(default=None, ge=16, le=24, description="WAV and FLAC: 16 or 24.", examples=[16])
    bitrate: int | None = Field(
        default=None, ge=32, le=512, description="MP3 and Opus: constant bit rate in kbit/s.", examples=[192]
    )
    soundfont: str | None = Field(
        default=None, max_length=100, description="A `name` from `/api/v1/soundfonts`.", examples=["FluidR3_GM"]
    )
    reverb: float = Field(default=0.9, ge=0, le=1, description="Reverb level, rounded to 0.05; 0 turns it off.")
    share: str = share_field()

    def render_options(self) -> RenderOptions | None:
        """Convert to the use cases' type; None for MIDI files. Raises Unprocessable."""
        if not isinstance(self.format, AudioFormat):
            return None
        given = self.model_dump(include={"sample_rate", "bit_depth", "bitrate", "soundfont", "reverb"})
        return AudioOptions(**given).render_options(self.format, "query")


class _ArchiveResponse(StreamingResponse):
    """Ends the running render however the response ends."""

    def __init__(self, body: AsyncGenerator[bytes, None], headers: dict[str, str]) -> None:
        super().__init__(body, headers=headers, media_type="application/zip")
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._body.aclose()


@router.get("/{song_id}.zip", summary="Download a song's tracks", response_class=Response, responses=_ZIP)
async def download_song_stems(
    request: Request,
    stems: StemsDep,
    audio: AudioDep,
    requester: RequesterDep,
    song_id: SongId,
    options: Annotated[StemOptions, Query()],
) -> Response:
    """A ZIP archive with one file for each track, named after it. All files begin with the first bar and have equal
    length, so that they fit together in any program; the audio of all tracks together is that of the song. The archive
    is sent while it is created.
    """
    render_options = options.render_options()
    sharer = replace(requester, share_token=options.share)

    async def begin() -> tuple[str, AsyncGenerator[bytes, None]]:
        archive = await stems.for_song(song_id, render_options, sharer)
        chunks = archive.chunks()
        # Waiting for the first bytes before sending the status lets earlier failures have a status of their own.
        return archive.title, _chained(await anext(chunks, b""), chunks)

    title, body = await while_connected(request, begin())
    headers = {
        "Content-Disposition": content_disposition(file_name(title, "zip"), inline=False),
        "Cache-Control": "private, no-cache",
        "X-Content-Type-Options": "nosniff",
    }
    headers |= share_link_headers(options.share) | budget_headers(audio, requester)
    return _ArchiveResponse(body, headers)


async def _chained(first: bytes, chunks: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    try:
        yield first
        async for chunk in chunks:
            yield chunk
    finally:
        await chunks.aclose()
