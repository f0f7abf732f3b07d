"""`/api/v1/songs/{song_id}/versions`: the notes of songs, edited versions, and their history."""

import base64
from typing import Annotated, Any

from euterpe_music.titles import file_name
from euterpe_service_kit.artifacts import Artifact, artifact_response, artifact_responses
from euterpe_service_kit.database import ReadSessionDep
from euterpe_service_kit.midi_artifacts import MIDI_CONTENT_TYPE
from euterpe_service_kit.problems import problem_responses
from euterpe_service_kit.security import CurrentUser, OptionalUser
from fastapi import APIRouter, Path, Query, Request, Response

from euterpe_library.dependencies import DatabaseDep, ObjectStoreDep, ReadableSong, SongId
from euterpe_library.routes.responses import json_response
from euterpe_library.routes.version_schemas import (
    NotesAnswer,
    NotesPreview,
    NotesRequest,
    SavedVersionAnswer,
    VersionAnswer,
    VersionList,
)
from euterpe_library.services import versions
from euterpe_library.services.songs import song_etag
from euterpe_library.services.versions import SavedVersion, VersionEditor

router = APIRouter(
    prefix="/api/v1/songs/{song_id}", tags=["versions"], responses=problem_responses(401, 403, 404, 422, 503)
)

VersionNumber = Annotated[int, Path(ge=1, description="The version's number.", examples=[2])]
_UNCHANGED: dict[int | str, dict[str, Any]] = {
    200: {"description": "The notes are those of the current version, which is returned.", "model": SavedVersionAnswer}
}


@router.get("/notes", summary="Get the notes of a song", response_model=NotesAnswer)
async def get_song_notes(
    request: Request,
    song: ReadableSong,
    user: OptionalUser,
    version: Annotated[
        int | None,
        Query(ge=1, description="The version; by default the current one. Others are the owner's only.", examples=[2]),
    ] = None,
) -> Response:
    """Notes, tracks, tempos, meters, keys and estimated chords, as the product reads the song's MIDI file."""
    found = await _editor(request).notes(song, user.id if user else None, version)
    response = json_response(NotesAnswer.of(*found))
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@router.post("/preview", summary="Preview edited notes")
async def preview_song_notes(
    request: Request, song: ReadableSong, user: OptionalUser, notes: NotesRequest
) -> NotesPreview:
    """The MIDI file and the chords of edited notes, which are not saved: for prompts, and to save them as a new song
    with `POST /library/imports`. A body has at most 1 MiB, which is about 40,000 notes.
    """
    written = await _editor(request).preview(song, user.id if user else None, notes.to_domain())
    return NotesPreview.of(written, base64.b64encode(written.content).decode())


@router.get("/versions", summary="List the versions of a song")
async def list_song_versions(session: ReadSessionDep, user: CurrentUser, song_id: SongId) -> VersionList:
    """All versions of one of your songs, the newest first. A song that was never edited has one."""
    found = await versions.versions_of(session, song_id, user.id)
    return VersionList(items=[VersionAnswer.of(version) for version in found])


@router.post(
    "/versions",
    summary="Save edited notes as a new version",
    status_code=201,
    response_model=SavedVersionAnswer,
    responses=_UNCHANGED | problem_responses(409, 413),
)
async def save_song_version(request: Request, user: CurrentUser, song_id: SongId, notes: NotesRequest) -> Response:
    """The new version becomes the current one; all earlier ones are kept. Versions that were saved elsewhere since
    `base_number` are listed in the response. A body has at most 1 MiB, which is about 40,000 notes.
    """
    return _saved(await _editor(request).save(user, song_id, notes.to_domain()))


@router.post(
    "/versions/{number}/restore",
    summary="Restore a version",
    status_code=201,
    response_model=SavedVersionAnswer,
    responses=_UNCHANGED | problem_responses(409),
)
async def restore_song_version(request: Request, user: CurrentUser, song_id: SongId, number: VersionNumber) -> Response:
    """Makes a copy of an earlier version the newest and current one."""
    return _saved(await _editor(request).restore(user, song_id, number))


@router.head("/versions/{number}/midi", include_in_schema=False, response_class=Response)
@router.get(
    "/versions/{number}/midi",
    summary="Download a version as MIDI",
    response_class=Response,
    responses=artifact_responses(MIDI_CONTENT_TYPE),
)
async def download_song_version(
    request: Request,
    database: DatabaseDep,
    store: ObjectStoreDep,
    user: CurrentUser,
    song_id: SongId,
    number: VersionNumber,
) -> Response:
    """The MIDI file of any version of one of your songs."""
    async with database.readers() as session:
        song, version = await versions.version_of(session, song_id, user.id, number)
    file = version.file
    filename = file_name(song.title, f"v{number}.mid")
    artifact = Artifact(file.midi_key, file.midi_size_bytes, file.midi_sha256, MIDI_CONTENT_TYPE, filename)
    return await artifact_response(request, store, artifact)


def _editor(request: Request) -> VersionEditor:
    editor: VersionEditor = request.app.state.version_editor
    return editor


def _saved(saved: SavedVersion) -> Response:
    response = json_response(SavedVersionAnswer.of(saved))
    response.status_code = 201 if saved.is_new else 200
    response.headers["ETag"] = song_etag(saved.song)
    response.headers["Location"] = f"/api/v1/songs/{saved.song.id}/versions"
    return response
