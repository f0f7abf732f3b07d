"""`/api/v1/songs`: the user's own songs, and songs that may be read."""

from typing import Annotated, Any

from euterpe_music.titles import file_name
from euterpe_service_kit.artifacts import Artifact, artifact_response, artifact_responses
from euterpe_service_kit.database import ReadSessionDep, SessionDep
from euterpe_service_kit.errors import Forbidden
from euterpe_service_kit.etags import none_match
from euterpe_service_kit.midi_artifacts import MIDI_CONTENT_TYPE, digest_of_midi_key
from euterpe_service_kit.problems import problem_responses
from euterpe_service_kit.security import CurrentUser
from fastapi import APIRouter, Query, Request, Response

from euterpe_library.dependencies import DatabaseDep, IfMatch, IfNoneMatch, ObjectStoreDep, ReadableSong, SongId
from euterpe_library.domain.details import Visibility
from euterpe_library.domain.filters import Mine, SongFilter, Trash
from euterpe_library.domain.song import Song
from euterpe_library.errors import NoOriginal
from euterpe_library.routes.queries import MineQuery, PageQuery
from euterpe_library.routes.responses import json_response
from euterpe_library.routes.schemas import (
    DeletedPage,
    DeletedSong,
    FacetsAnswer,
    Remix,
    SongAnswer,
    SongChanges,
    SongPage,
)
from euterpe_library.services import listings, publication, songs
from euterpe_library.services.listings import PageRequest
from euterpe_library.services.songs import song_etag

router = APIRouter(prefix="/api/v1/songs", tags=["songs"], responses=problem_responses(401, 403, 422, 503))

_WITH_ETAG: dict[int | str, dict[str, Any]] = {
    200: {"headers": {"ETag": {"description": "Changes with every change.", "schema": {"type": "string"}}}}
}
_NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "The entity tag is unchanged."}}


@router.get("", summary="List and search your songs", response_model=SongPage)
async def list_songs(session: ReadSessionDep, user: CurrentUser, query: Annotated[MineQuery, Query()]) -> Response:
    """Your songs, filtered and sorted. Songs added meanwhile do not shift later pages."""
    request = PageRequest(query.sort, query.limit, query.after, user.id)
    page = await listings.page(session, Mine(user.id), query.filter(query.visibility), request)
    return json_response(SongPage.of(page))


@router.get("/facets", summary="Count values of your songs")
async def list_song_facets(
    session: ReadSessionDep, user: CurrentUser, query: Annotated[MineQuery, Query()]
) -> FacetsAnswer:
    """Number of songs per value of each facet. `sort`, `limit` and `cursor` are ignored."""
    return FacetsAnswer.of(await listings.facets(session, Mine(user.id), query.filter(query.visibility)))


@router.get("/trash", summary="List your deleted songs")
async def list_deleted_songs(
    session: ReadSessionDep, user: CurrentUser, query: Annotated[PageQuery, Query()]
) -> DeletedPage:
    """Songs that can still be restored, the latest deleted first."""
    request = PageRequest(limit=query.limit, after=query.after)
    page = await listings.page(session, Trash(user.id), SongFilter(), request)
    cursor = page.next.cursor() if page.next else None
    return DeletedPage(items=[DeletedSong.of(song) for song in page.items], next_cursor=cursor)


@router.get(
    "/{song_id}",
    summary="Get a song",
    response_model=SongAnswer,
    responses=_WITH_ETAG | _NOT_MODIFIED | problem_responses(404),
)
async def get_song(song: ReadableSong, if_none_match: IfNoneMatch = None) -> Response:
    """One of your songs, or a public or unlisted one."""
    headers = {"ETag": song_etag(song), "Cache-Control": "private, no-cache"}
    unchanged = not none_match(if_none_match, song_etag(song))
    response = Response(status_code=304) if unchanged else json_response(SongAnswer.of(song))
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
    """Changes the given fields. With `If-Match`, only if the song is unchanged."""
    if user.guest and changes.visibility != Visibility.PRIVATE:
        raise Forbidden("Guests cannot publish songs. Register first.")
    return _updated(await publication.change(session, song_id, user, changes.changes(), if_match))


@router.delete("/{song_id}", summary="Delete a song", status_code=204, responses=problem_responses(404, 412))
async def delete_song(
    session: SessionDep,
    user: CurrentUser,
    song_id: SongId,
    if_match: IfMatch = None,
    permanent: Annotated[
        bool, Query(description="Delete the song permanently, whether or not it is in the trash.")
    ] = False,
) -> None:
    """Moves the song to the trash, where it can be restored for 30 days. With `If-Match`, only if it is unchanged."""
    remove = songs.purge if permanent else songs.delete
    await remove(session, song_id, user.id, if_match)


@router.post(
    "/{song_id}/restore",
    summary="Restore a deleted song",
    response_model=SongAnswer,
    responses=_WITH_ETAG | problem_responses(404),
)
async def restore_song(session: SessionDep, user: CurrentUser, song_id: SongId) -> Response:
    """Restores a song within 30 days of its deletion."""
    return _updated(await songs.restore(session, song_id, user.id))


@router.get("/{song_id}/remix", summary="Get the request for a remix", responses=problem_responses(404, 409))
async def remix_song(song: ReadableSong) -> Remix:
    """The request that generates a song with the same settings and another seed."""
    return Remix(url="/api/v1/generations", body=songs.remix_request(song), remix_of=song.id)


@router.head("/{song_id}/midi", include_in_schema=False, response_class=Response)
@router.get(
    "/{song_id}/midi",
    summary="Download a song as MIDI",
    response_class=Response,
    responses=artifact_responses(MIDI_CONTENT_TYPE),
)
async def download_midi(request: Request, song: ReadableSong, store: ObjectStoreDep) -> Response:
    """The MIDI file, named after the title. `Range`, `If-Range` and `If-None-Match` are honoured."""
    return await midi_response(request, store, song)


@router.head("/{song_id}/original", include_in_schema=False, response_class=Response)
@router.get(
    "/{song_id}/original",
    summary="Download the uploaded file of an imported song",
    response_class=Response,
    responses=artifact_responses(MIDI_CONTENT_TYPE),
)
async def download_original(
    request: Request, database: DatabaseDep, store: ObjectStoreDep, user: CurrentUser, song_id: SongId
) -> Response:
    """The file as it was uploaded, for the song's owner only, since it may hold more than the music."""
    async with database.readers() as session:
        song = await songs.find_own(session, song_id, user.id)
    if song.original_key is None or song.original_size_bytes is None:
        raise NoOriginal
    artifact = Artifact(
        song.original_key,
        song.original_size_bytes,
        digest_of_midi_key(song.original_key),
        MIDI_CONTENT_TYPE,
        file_name(song.title, "original.mid"),
    )
    return await artifact_response(request, store, artifact)


async def midi_response(request: Request, store: ObjectStoreDep, song: Song) -> Response:
    """Answer with a song's MIDI file; shared with the routes of share links."""
    filename = file_name(song.title, "mid")
    artifact = Artifact(song.midi_key, song.midi_size_bytes, song.midi_sha256, MIDI_CONTENT_TYPE, filename)
    return await artifact_response(request, store, artifact)


def _updated(song: Song) -> Response:
    response = json_response(SongAnswer.of(song))
    response.headers["ETag"] = song_etag(song)
    return response
