"""Import of MIDI files, and export of the whole library."""

from typing import Annotated, Any

from euterpe_service_kit.database import ReadSessionDep
from euterpe_service_kit.errors import Unprocessable
from euterpe_service_kit.midi_artifacts import MIDI_CONTENT_TYPE
from euterpe_service_kit.networks import network_of
from euterpe_service_kit.problems import problem_responses
from euterpe_service_kit.rate_limit import quota_headers, storage_quotas
from euterpe_service_kit.security import CurrentUser
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field, StringConstraints

from euterpe_library.domain.titles import Title
from euterpe_library.routes.responses import json_response
from euterpe_library.routes.schemas import SongAnswer
from euterpe_library.services import quotas
from euterpe_library.services.export import Exporter
from euterpe_library.services.imports import MAX_BYTES, Importer, Upload
from euterpe_library.services.songs import song_etag

router = APIRouter(prefix="/api/v1/library", tags=["files"], responses=problem_responses(401, 403, 422, 503))

_MIDI_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": f"A standard MIDI file of at most {MAX_BYTES:,} bytes, 100,000 notes and one hour.",
        "content": {MIDI_CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}
_ZIP: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A ZIP archive.",
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}
MAX_FILENAME_LENGTH = 255
IdempotencyKey = Annotated[
    Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[\x21-\x7e]+$")] | None,
    Header(description="Uploads with the same key create one song.", examples=["8c6f1f3e-6d0c-4a55-9d2b-0c6f4a7c1d11"]),
]


@router.post(
    "/imports",
    summary="Import a MIDI file",
    status_code=201,
    response_model=SongAnswer,
    openapi_extra=_MIDI_BODY,
    responses=problem_responses(409, 413, 429),
)
async def import_song(
    request: Request,
    user: CurrentUser,
    title: Annotated[
        Title | None,
        Query(
            description="Title of the song. Default: the file's own title, else `filename` without its extension.",
            examples=["Für Elise"],
        ),
    ] = None,
    filename: Annotated[
        str, Query(max_length=MAX_FILENAME_LENGTH, description="Name of the file.", examples=["fur-elise.mid"])
    ] = "",
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Creates a song from the file. The song's MIDI file is the uploaded one as the product writes it: with equal notes
    and controllers, and without damage. Its measures, tempo and instruments are determined from the music; key and
    meter are those that the file states, and the key is estimated where it states none. The owner can download the
    uploaded file from `/songs/{song_id}/original`.
    """
    importer: Importer = request.app.state.importer
    content = await request.body()
    if not content:
        raise Unprocessable("body: must be a MIDI file, but it is empty")
    network = network_of(request.client.host if request.client else "")
    song = await importer.import_file(Upload(user, content, title, filename, idempotency_key, network))
    response = json_response(SongAnswer.of(song))
    response.status_code = 201
    response.headers.update({"Location": f"/api/v1/songs/{song.id}", "ETag": song_etag(song)})
    return response


class StorageUsageAnswer(BaseModel):
    """What your library holds, and its limits. Songs in the trash count."""

    songs: int = Field(description="Number of songs.", examples=[42])
    max_songs: int = Field(description="Largest number of songs.", examples=[10000])
    size_bytes: int = Field(
        description="Bytes of the MIDI files, with all versions, and of the uploaded files.", examples=[1048576]
    )
    max_size_bytes: int = Field(description="Largest number of bytes.", examples=[1073741824])


@router.get("/usage", summary="Get the size of your library")
async def get_library_usage(
    request: Request, response: Response, session: ReadSessionDep, user: CurrentUser
) -> StorageUsageAnswer:
    """The number of songs and their bytes, with the limits. At a limit, imports and generations are refused with 403
    and the type `storage-full` until songs are deleted permanently.
    """
    found = await quotas.usage(session, request.app.state.quotas, user.id, is_guest=user.guest)
    answer = StorageUsageAnswer(
        songs=found.used.songs,
        max_songs=found.limit.songs,
        size_bytes=found.used.size_bytes,
        max_size_bytes=found.limit.size_bytes,
    )
    response.headers.update(quota_headers(storage_quotas(**answer.model_dump())))
    return answer


@router.get("/export", summary="Export your library", response_class=Response, responses=_ZIP)
async def export_library(request: Request, user: CurrentUser) -> Response:
    """A ZIP archive of your songs as MIDI with their metadata as JSON, your playlists, comments, reports,
    likes, follows and share links.

    The account's other data are exported by `/api/v1/auth/me/export` and `/api/v1/generations/export`.
    """
    exporter: Exporter = request.app.state.exporter
    headers = {"Content-Disposition": 'attachment; filename="euterpe-library.zip"', "Cache-Control": "no-store"}
    return StreamingResponse(exporter.archive(user.id), media_type="application/zip", headers=headers)
