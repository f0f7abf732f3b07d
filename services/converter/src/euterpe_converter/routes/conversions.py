"""`/api/v1/conversions`: uploaded MIDI files to audio."""

from pathlib import PurePath
from typing import Annotated

from euterpe_service_kit.errors import PayloadTooLarge
from euterpe_service_kit.problems import problem_responses
from fastapi import APIRouter, Form, Request, Response, UploadFile
from pydantic import Field

from euterpe_converter.dependencies import AudioDep, RequesterDep
from euterpe_converter.domain.audio import Tags
from euterpe_converter.domain.formats import AudioFormat
from euterpe_converter.routes.budget_headers import budget_headers
from euterpe_converter.routes.responses import audio_content, rendition_response
from euterpe_converter.services.options import AudioOptions
from euterpe_converter.services.rendition import Rendition

router = APIRouter(
    prefix="/api/v1/conversions", tags=["conversions"], responses=problem_responses(401, 403, 413, 422, 429, 500, 503)
)

_MAX_TITLE_LENGTH = 200


class Conversion(AudioOptions):
    """A MIDI file, and how to convert it."""

    file: UploadFile = Field(description="A standard MIDI file of at most 10 MiB.")
    format: AudioFormat = Field(default=AudioFormat.MP3, description="The audio format.", examples=["mp3"])
    title: str | None = Field(
        default=None,
        max_length=_MAX_TITLE_LENGTH,
        description="Title tag and file name. Default: the name of the uploaded file.",
        examples=["Dawn"],
    )
    artist: str = Field(default="", max_length=200, description="Artist tag.")


@router.post(
    "",
    summary="Convert a MIDI file to audio",
    response_class=Response,
    responses={200: {"description": "The audio.", "content": audio_content()}},
)
async def convert_midi(
    request: Request,
    audio: AudioDep,
    requester: RequesterDep,
    form: Annotated[Conversion, Form(media_type="multipart/form-data")],
) -> Response:
    """The audio of the uploaded file, sent while it is rendered. Equal uploads share the rendered audio."""
    options = form.render_options(form.format, "body")
    midi = await read_upload(form.file, request.app.state.settings.max_upload_bytes)
    title = form.title or PurePath(form.file.filename or "conversion").stem[:_MAX_TITLE_LENGTH]

    async def obtain() -> Rendition:
        return await audio.for_midi(midi, options, Tags(title=title, artist=form.artist), requester)

    response = await rendition_response(request, obtain, inline=False)
    response.headers.update(budget_headers(audio, requester))
    return response


async def read_upload(file: UploadFile, limit: int) -> bytes:
    """Return the content of an uploaded file. Raises PayloadTooLarge."""
    content = await file.read(limit + 1)
    if len(content) > limit:
        raise PayloadTooLarge(f"body.file must be at most {limit} bytes.")
    return content
