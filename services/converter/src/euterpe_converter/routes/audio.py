"""`/api/v1/audio/{song_id}.{format}`: songs as audio."""

from dataclasses import replace
from typing import Annotated

from euterpe_service_kit.problems import problem_responses
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from euterpe_converter.dependencies import (
    AudioDep,
    FormatInPath,
    RequesterDep,
    SongId,
    share_field,
    share_link_headers,
)
from euterpe_converter.routes.budget_headers import budget_headers
from euterpe_converter.routes.responses import audio_responses, rendition_response
from euterpe_converter.services.options import AudioOptions
from euterpe_converter.services.rendition import Rendition

router = APIRouter(
    prefix="/api/v1/audio", tags=["audio"], responses=problem_responses(401, 403, 404, 422, 429, 500, 503)
)


class SongAudioOptions(AudioOptions):
    """Rendering options of a song, and how the browser handles the file."""

    share: str = share_field()
    download: bool = Field(default=False, description="Save the file instead of playing it in the browser.")


@router.head("/{song_id}.{format}", include_in_schema=False, response_class=Response)
@router.get(
    "/{song_id}.{format}",
    summary="Play or download a song as audio",
    response_class=Response,
    responses=audio_responses(),
)
async def get_song_audio(
    request: Request,
    audio: AudioDep,
    requester: RequesterDep,
    song_id: SongId,
    audio_format: FormatInPath,
    options: Annotated[SongAudioOptions, Query()],
) -> Response:
    """The song's audio. The first request renders it, and receives the audio while it is rendered. `Range`, `If-Range`
    and `If-None-Match` are honoured from the first request on.

    Without a login, public and unlisted songs are available, and the song of the share link in `share`. The length is
    known from the start for MP3 with a constant bit rate, WAV and Opus, and after the first render for FLAC, Ogg Vorbis
    and MP3 with a variable bit rate.
    """
    sharer = replace(requester, share_token=options.share)
    render_options = options.render_options(audio_format, "query")

    async def obtain() -> Rendition:
        return await audio.for_song(song_id, render_options, sharer, download=options.download)

    response = await rendition_response(request, obtain, inline=not options.download)
    response.headers.update(share_link_headers(options.share) | budget_headers(audio, requester))
    return response
