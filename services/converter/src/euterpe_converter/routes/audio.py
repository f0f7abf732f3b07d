"""`/api/v1/audio/{song_id}.{format}`: a song to listen to."""

from typing import Annotated

from euterpe_service_kit.problems import problem_responses
from euterpe_service_kit.security import OptionalUser
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from euterpe_converter.dependencies import AudioDep, FormatInPath, SongId, discretion, share_field
from euterpe_converter.domain.requester import Listener
from euterpe_converter.routes.responses import audio_responses, rendition_response
from euterpe_converter.services.options import AudioOptions
from euterpe_converter.services.rendition import Rendition

router = APIRouter(prefix="/api/v1/audio", tags=["audio"], responses=problem_responses(401, 403, 404, 422, 500, 503))


class SongAudioOptions(AudioOptions):
    """The options of audio, and how the browser shall take it."""

    share: str = share_field()
    download: bool = Field(default=False, description="Ask the browser to save the file instead of playing it.")


@router.head("/{song_id}.{format}", include_in_schema=False, response_class=Response)
@router.get(
    "/{song_id}.{format}",
    summary="A song as audio",
    response_class=Response,
    responses=audio_responses(),
)
async def get_song_audio(
    request: Request,
    audio: AudioDep,
    user: OptionalUser,
    song_id: SongId,
    audio_format: FormatInPath,
    options: Annotated[SongAudioOptions, Query()],
) -> Response:
    """The audio, sent while it is rendered when it is asked for the first time. `Range`, `If-Range` and
    `If-None-Match` are honoured from the first request on.

    Without a login, only songs that everybody may hear are found, and the one to which `share` is a link's token. MP3
    of constant bit rate, WAV and Opus have a known length from the start; FLAC, Ogg Vorbis and MP3 of variable bit
    rate when they have been rendered once.
    """
    wish = options.wish(audio_format, "query")
    listener = Listener(user.id if user else None, options.share)

    async def obtain() -> Rendition:
        return await audio.of_song(song_id, wish, listener, download=options.download)

    response = await rendition_response(request, obtain, inline=not options.download)
    response.headers.update(discretion(options.share))
    return response
