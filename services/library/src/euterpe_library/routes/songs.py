"""`/api/v1/songs`: the listener's own songs."""

from typing import Annotated, Any

from euterpe_service_kit.artifacts import Artifact, artifact_response, artifact_responses
from euterpe_service_kit.database import SessionDep
from euterpe_service_kit.etags import none_match
from euterpe_service_kit.problems import problem_responses
from euterpe_service_kit.security import CurrentUser
from fastapi import APIRouter, Query, Request, Response

from euterpe_library.dependencies import IfMatch, IfNoneMatch, ObjectStoreDep, ReadableSong, SongId
from euterpe_library.routes.schemas import SongAnswer, SongChanges, SongPage, SongQuery
from euterpe_library.services import songs
from euterpe_library.services.songs import song_etag

router = APIRouter(prefix="/api/v1/songs", tags=["songs"], responses=problem_responses(401, 422, 503))

_WITH_ETAG: dict[int | str, dict[str, Any]] = {
    200: {"headers": {"ETag": {"description": "The song's version.", "schema": {"type": "string"}}}}
}
_UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "You have this version already."}}
_MIDI_TYPE = "audio/midi"


@router.get("", summary="List your songs, newest first")
async def list_songs(session: SessionDep, user: CurrentUser, query: Annotated[SongQuery, Query()]) -> SongPage:
    """A page of your songs. Songs that are added meanwhile do not shift the pages that follow."""
    return SongPage.of(await songs.page(session, user.id, search=query.q, limit=query.limit, after=query.after))


@router.get(
    "/{song_id}",
    summary="One of your songs",
    response_model=SongAnswer,
    responses=_WITH_ETAG | _UNCHANGED | problem_responses(404),
)
async def get_song(song: ReadableSong, response: Response, if_none_match: IfNoneMatch = None) -> SongAnswer | Response:
    """A song with everything that is known of it."""
    headers = {"ETag": song_etag(song), "Cache-Control": "private, no-cache"}
    if not none_match(if_none_match, song_etag(song)):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return SongAnswer.of(song)


@router.patch(
    "/{song_id}",
    summary="Rename a song",
    responses=_WITH_ETAG | problem_responses(404, 412),
)
async def change_song(
    session: SessionDep,
    user: CurrentUser,
    song_id: SongId,
    changes: SongChanges,
    response: Response,
    if_match: IfMatch = None,
) -> SongAnswer:
    """Gives a song another title. With `If-Match`, only when nobody changed it since."""
    song = await songs.rename(session, song_id, user.id, changes.title, if_match)
    response.headers["ETag"] = song_etag(song)
    return SongAnswer.of(song)


@router.delete("/{song_id}", summary="Delete a song", status_code=204, responses=problem_responses(404, 412))
async def delete_song(session: SessionDep, user: CurrentUser, song_id: SongId, if_match: IfMatch = None) -> None:
    """Takes a song out of your library. With `If-Match`, only when nobody changed it since."""
    await songs.delete(session, song_id, user.id, if_match)


@router.head("/{song_id}/midi", include_in_schema=False, response_class=Response)
@router.get(
    "/{song_id}/midi",
    summary="A song as a MIDI file",
    response_class=Response,
    responses=artifact_responses(_MIDI_TYPE),
)
async def download_midi(request: Request, song: ReadableSong, store: ObjectStoreDep) -> Response:
    """The MIDI file, named after the title. `Range`, `If-Range` and `If-None-Match` are honoured."""
    artifact = Artifact(song.midi_key, song.midi_size_bytes, song.midi_sha256, _MIDI_TYPE, f"{song.title}.mid")
    return await artifact_response(request, store, artifact)
