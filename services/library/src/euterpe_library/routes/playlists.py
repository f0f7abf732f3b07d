"""`/api/v1/library/playlists`: playlists."""

import uuid
from typing import Annotated, Any

from euterpe_service_kit.database import ReadSessionDep, SessionDep
from euterpe_service_kit.etags import strong_etag
from euterpe_service_kit.problems import problem_responses
from euterpe_service_kit.security import CurrentUser, OptionalUser, RegisteredUser
from fastapi import APIRouter, Path, Query, Response

from euterpe_library.dependencies import IfMatch, SongId
from euterpe_library.domain.social import Playlist
from euterpe_library.routes.queries import PageQuery
from euterpe_library.routes.responses import json_response
from euterpe_library.routes.schemas import SongAnswer
from euterpe_library.routes.social_schemas import (
    FullPlaylist,
    NewPlaylist,
    PlaylistAnswer,
    PlaylistChanges,
    PlaylistPage,
    PlaylistSongs,
)
from euterpe_library.services import playlists

router = APIRouter(
    prefix="/api/v1/library/playlists", tags=["playlists"], responses=problem_responses(401, 403, 422, 503)
)
PlaylistId = Annotated[
    uuid.UUID, Path(description="The playlist's id.", examples=["0199d3c1-5a70-7cc3-98c4-dc0c0c07398f"])
]
_ETAG = {"ETag": {"description": "The playlist's version.", "schema": {"type": "string"}}}
_WITH_ETAG: dict[int | str, dict[str, Any]] = {200: {"headers": _ETAG}}


@router.post(
    "", summary="Create a playlist", status_code=201, responses={201: {"headers": _ETAG}, **problem_responses(409)}
)
async def create_playlist(
    session: SessionDep, user: RegisteredUser, new: NewPlaylist, response: Response
) -> PlaylistAnswer:
    """Creates an empty playlist."""
    return _response(await playlists.create(session, user, new.model_dump()), response)


@router.get("", summary="List your playlists")
async def list_playlists(
    session: ReadSessionDep, user: CurrentUser, query: Annotated[PageQuery, Query()]
) -> PlaylistPage:
    """Your playlists, newest first."""
    return PlaylistPage.of(await playlists.page(session, user.id, limit=query.limit, after=query.after))


@router.get(
    "/{playlist_id}",
    summary="Get a playlist",
    response_model=FullPlaylist,
    responses=_WITH_ETAG | problem_responses(404),
)
async def get_playlist(session: ReadSessionDep, user: OptionalUser, playlist_id: PlaylistId) -> Response:
    """One of your playlists, or a public or unlisted one, with those of its songs that you may read."""
    playlist, songs = await playlists.read(session, playlist_id, user.id if user else None)
    items = [SongAnswer.of(song) for song in songs]
    response = json_response(FullPlaylist.model_construct(playlist=PlaylistAnswer.of(playlist), songs=items))
    response.headers["ETag"] = strong_etag(playlist.version)
    return response


@router.patch("/{playlist_id}", summary="Change a playlist", responses=_WITH_ETAG | problem_responses(404, 412))
async def change_playlist(
    session: SessionDep,
    user: RegisteredUser,
    playlist_id: PlaylistId,
    changes: PlaylistChanges,
    response: Response,
    if_match: IfMatch = None,
) -> PlaylistAnswer:
    """Changes the given fields. With `If-Match`, only if the playlist is unchanged."""
    changed = await playlists.change(session, playlist_id, user.id, changes.changes(), if_match)
    return _response(changed, response)


@router.delete("/{playlist_id}", summary="Delete a playlist", status_code=204, responses=problem_responses(404, 412))
async def delete_playlist(
    session: SessionDep, user: RegisteredUser, playlist_id: PlaylistId, if_match: IfMatch = None
) -> None:
    """Deletes the playlist permanently. Its songs are not deleted."""
    await playlists.delete(session, playlist_id, user.id, if_match)


@router.put(
    "/{playlist_id}/songs",
    summary="Replace the songs of a playlist",
    responses=_WITH_ETAG | problem_responses(404, 412),
)
async def put_playlist_songs(
    session: SessionDep,
    user: RegisteredUser,
    playlist_id: PlaylistId,
    songs: PlaylistSongs,
    response: Response,
    if_match: IfMatch = None,
) -> PlaylistAnswer:
    """Sets the songs and their order, to move, add or remove several at once."""
    changed = await playlists.put_songs(session, playlist_id, user.id, songs.song_ids, if_match)
    return _response(changed, response)


@router.put(
    "/{playlist_id}/songs/{song_id}",
    summary="Add a song to a playlist",
    responses=_WITH_ETAG | problem_responses(404, 409),
)
async def add_playlist_song(
    session: SessionDep, user: RegisteredUser, playlist_id: PlaylistId, song_id: SongId, response: Response
) -> PlaylistAnswer:
    """Appends the song. Idempotent."""
    return _response(await playlists.add_song(session, playlist_id, user.id, song_id), response)


@router.delete(
    "/{playlist_id}/songs/{song_id}",
    summary="Remove a song from a playlist",
    responses=_WITH_ETAG | problem_responses(404),
)
async def remove_playlist_song(
    session: SessionDep, user: RegisteredUser, playlist_id: PlaylistId, song_id: SongId, response: Response
) -> PlaylistAnswer:
    """Removes the song. Idempotent."""
    return _response(await playlists.remove_song(session, playlist_id, user.id, song_id), response)


def _response(playlist: Playlist, response: Response) -> PlaylistAnswer:
    response.headers["ETag"] = strong_etag(playlist.version)
    return PlaylistAnswer.of(playlist)
