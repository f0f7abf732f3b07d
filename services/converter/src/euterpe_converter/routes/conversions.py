"""`/api/v1/conversions`: a MIDI file of one's own to audio."""

from pathlib import PurePath
from typing import Annotated

from euterpe_service_kit.errors import PayloadTooLarge
from euterpe_service_kit.problems import problem_responses
from fastapi import APIRouter, Form, Request, Response, UploadFile
from pydantic import BaseModel, ConfigDict, Field

from euterpe_converter.dependencies import AudioDep, ObjectStoreDep
from euterpe_converter.domain.audio import AudioFormat
from euterpe_converter.routes.answer import audio_content, rendition_response
from euterpe_converter.routes.disconnect import while_connected

router = APIRouter(prefix="/api/v1/conversions", tags=["conversions"], responses=problem_responses(413, 422, 500, 503))

_LONGEST_TITLE = 200


class Conversion(BaseModel):
    """What is to be converted."""

    model_config = ConfigDict(extra="forbid")

    file: UploadFile = Field(description="A standard MIDI file of at most 10 MiB.")
    format: AudioFormat = Field(default=AudioFormat.MP3, description="The audio format.", examples=["mp3"])


@router.post(
    "",
    summary="Convert a MIDI file to audio",
    response_class=Response,
    responses={200: {"description": "The audio.", "content": audio_content()}},
)
async def convert_midi(
    request: Request,
    audio: AudioDep,
    store: ObjectStoreDep,
    form: Annotated[Conversion, Form(media_type="multipart/form-data")],
) -> Response:
    """The audio of the uploaded file, named after it. Sending the same file again does not render it again."""
    midi = await _content(form.file, request.app.state.settings.max_upload_bytes)
    title = PurePath(form.file.filename or "conversion").stem[:_LONGEST_TITLE]
    rendition = await while_connected(request, audio.of_upload(midi, form.format, title))
    return await rendition_response(request, store, rendition, inline=False)


async def _content(file: UploadFile, limit: int) -> bytes:
    content = await file.read(limit + 1)
    if len(content) > limit:
        raise PayloadTooLarge(f"body.file is larger than the limit of {limit} bytes.")
    return content
