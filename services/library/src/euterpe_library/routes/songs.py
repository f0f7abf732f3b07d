"""`/api/v1/songs`: the listener's own songs, and any song that may be read."""

from typing import Annotated, Any

from euterpe_service_kit.artifacts import Artifact, artifact_response, artifact_responses
from euterpe_service_kit.database import ReadSessionDep, SessionDep
from euterpe_service_kit.errors import Forbidden
from euterpe_service_kit.etags import none_match
from euterpe_service_kit.problems import problem_responses
from euterpe_service_kit.security import CurrentUser
from fastapi import APIRouter, Query, Request, Response

from euterpe_library.dependencies import IfMatch, IfNoneMatch, ObjectStoreDep, ReadableSong, SongId
from euterpe_library.domain.details import Visibility
from euterpe_library.domain.filters import Mine, SongFilter, Trash
from euterpe_library.domain.song import Song
from euterpe_library.routes.queries import MineQuery, PageQuery
from euterpe_library.routes.responses import json_answer
from euterpe_library.routes.schemas import (
    DeletedPage,
    DeletedSong,
    FacetsAnswer,
    Remix,
    SongAnswer,
    SongChanges,
    SongPage,
)
from euterpe_library.services import listings, songs
from euterpe_library.services.listings import PageRequest
from euterpe_library.services.songs import song_etag

router = APIRouter(prefix="/api/v1/songs", tags=["songs"], responses=problem_responses(401, 403, 422, 503))

_WITH_ETAG: dict[int | str, dict[str, Any]] = {
    200: {"headers": {"ETag": {"description": "Changes with every change.", "schema": {"type": "string"}}}}
}
_UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "You have this version already."}}
MIDI_TYPE = "audio/midi"


@router.get("", summary="List and search your songs", response_model=SongPage)
async def list_songs(session: ReadSessionDep, user: CurrentUser, query: Annotated[MineQuery, Query()]) -> Response:
    """A page of your songs. Songs that are added meanwhile do not shift the pages that follow."""
    request = PageRequest(query.sort, query.limit, query.after, user.id)
    page = await listings.page(session, Mine(user.id), query.filter(query.visibility), request)
    return json_answer(SongPage.of(page))


@router.get("/facets", summary="What your songs have in common")
async def list_song_facets(
    session: ReadSessionDep, user: CurrentUser, query: Annotated[MineQuery, Query()]
) -> FacetsAnswer:
    """Counts of the values that the songs of a listing have; `sort`, `limit` and `cursor` are ignored."""
    return FacetsAnswer.of(await listings.facets(session, Mine(user.id), query.filter(query.visibility)))


@router.get("/trash", summary="List your deleted songs")
async def list_deleted_songs(
    session: ReadSessionDep, user: CurrentUser, query: Annotated[PageQuery, Query()]
) -> DeletedPage:
    """Songs that can still be restored, the last deleted first."""
    request = PageRequest(limit=query.limit, after=query.after)
    page = await listings.page(session, Trash(user.id), SongFilter(), request)
    cursor = page.next.cursor() if page.next else None
    return DeletedPage(items=[DeletedSong.of(song) for song in page.items], next_cursor=cursor)


@router.get(
    "/{song_id}",
    summary="A song",
    response_model=SongAnswer,
    responses=_WITH_ETAG | _UNCHANGED | problem_responses(404),
)
async def get_song(song: ReadableSong, if_none_match: IfNoneMatch = None) -> Response:
    """A song of yours, or one that is public or unlisted, with everything that is known of it."""
    headers = {"ETag": song_etag(song), "Cache-Control": "private, no-cache"}
    unchanged = not none_match(if_none_match, song_etag(song))
    response = Response(status_code=304) if unchanged else json_answer(SongAnswer.of(song))
    response.headers.update(headers)
    return response


@router.patch(
    "/{song_id}",
    summary="Change a song",
    response_model=SongAnswer,
    responses=_WITH_ETAG | problem_responses(404, 412),
)
async def change_song(
    session: SessionDep, user: CurrentUser, song_id: SongId, changes: SongChanges, if_match: IfMatch = None
) -> Response:
    """Changes what you name. With `If-Match`, only when nobody changed it since."""
    if user.guest and changes.visibility != Visibility.PRIVATE:
        raise Forbidden("Guests cannot publish songs: register first.")
    return _changed(await songs.change(session, song_id, user.id, changes.changes(), if_match))


@router.delete("/{song_id}", summary="Delete a song", status_code=204, responses=problem_responses(404, 412))
async def delete_song(session: SessionDep, user: CurrentUser, song_id: SongId, if_match: IfMatch = None) -> None:
    """Takes a song out of your library; it can be restored for 30 days. With `If-Match`, only when unchanged."""
    await songs.delete(session, song_id, user.id, if_match)


@router.post(
    "/{song_id}/restore",
    summary="Restore a deleted song",
    response_model=SongAnswer,
    responses=_WITH_ETAG | problem_responses(404),
)
async def restore_song(session: SessionDep, user: CurrentUser, song_id: SongId) -> Response:
    """Brings a song back as it was, within 30 days of its deletion."""
    return _changed(await songs.restore(session, song_id, user.id))


@router.get("/{song_id}/remix", summary="How to compose it again", responses=problem_responses(404, 409))
async def remix_song(song: ReadableSong) -> Remix:
    """The request that composes with this song's settings and another seed."""
    return Remix(url="/api/v1/generations", body=songs.remix_request(song), remix_of=song.id)


@router.head("/{song_id}/midi", include_in_schema=False, response_class=Response)
@router.get(
    "/{song_id}/midi",
    summary="A song as a MIDI file",
    response_class=Response,
    responses=artifact_responses(MIDI_TYPE),
)
async def download_midi(request: Request, song: ReadableSong, store: ObjectStoreDep) -> Response:
    """The MIDI file, named after the title. `Range`, `If-Range` and `If-None-Match` are honoured."""
    return await midi_response(request, store, song)


async def midi_response(request: Request, store: ObjectStoreDep, song: Song) -> Response:
    """A song's file; shared with the routes under which share links lead to it."""
    artifact = Artifact(song.midi_key, song.midi_size_bytes, song.midi_sha256, MIDI_TYPE, f"{song.title}.mid")
    return await artifact_response(request, store, artifact)


def _changed(song: Song) -> Response:
    response = json_answer(SongAnswer.of(song))
    response.headers["ETag"] = song_etag(song)
    return response
