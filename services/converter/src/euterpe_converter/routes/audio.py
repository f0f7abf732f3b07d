"""`/api/v1/audio/{song_id}.{format}`: a song to listen to."""

from euterpe_service_kit.problems import problem_responses
from euterpe_service_kit.security import OptionalUser
from fastapi import APIRouter, Request, Response

from euterpe_converter.dependencies import AudioDep, Download, FormatInPath, ObjectStoreDep, SongId
from euterpe_converter.routes.answer import audio_responses, rendition_response
from euterpe_converter.routes.disconnect import while_connected

router = APIRouter(prefix="/api/v1/audio", tags=["audio"], responses=problem_responses(401, 404, 422, 500, 503))


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
    store: ObjectStoreDep,
    user: OptionalUser,
    song_id: SongId,
    audio_format: FormatInPath,
    download: Download = False,
) -> Response:
    """The audio, rendered when it is asked for the first time. `Range`, `If-Range` and `If-None-Match` are honoured.

    Without a login, only songs that everybody may hear are found.
    """
    work = audio.of_song(song_id, audio_format, user.id if user else None)
    rendition = await while_connected(request, work)
    return await rendition_response(request, store, rendition, inline=not download)
