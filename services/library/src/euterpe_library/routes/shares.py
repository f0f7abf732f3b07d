"""Share links: managed under their song, opened under `/api/v1/library/shared/{token}`."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from euterpe_service_kit.artifacts import artifact_responses
from euterpe_service_kit.database import ReadSessionDep, SessionDep
from euterpe_service_kit.midi_artifacts import MIDI_CONTENT_TYPE
from euterpe_service_kit.problems import problem_responses
from euterpe_service_kit.security import CurrentUser
from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import HTMLResponse

from euterpe_library.dependencies import DatabaseDep, ObjectStoreDep, SongId
from euterpe_library.domain.share import MAX_TOKEN_LENGTH
from euterpe_library.errors import DownloadNotAllowed
from euterpe_library.routes.link_preview import Origin, preview_tags
from euterpe_library.routes.responses import json_response
from euterpe_library.routes.social_schemas import NewShare, NewShareAnswer, ShareAnswer, SharedSong, ShareList
from euterpe_library.routes.songs import midi_response
from euterpe_library.services import shares

_ERRORS = problem_responses(401, 403, 404, 422, 503)
router = APIRouter(prefix="/api/v1/songs/{song_id}/shares", tags=["sharing"], responses=_ERRORS)
#: Share links need no account, and a token in the request is ignored.
link_router = APIRouter(
    prefix="/api/v1/library/shared/{token}", tags=["sharing"], responses=problem_responses(403, 404, 422, 503)
)

ShareId = Annotated[uuid.UUID, Path(description="The link's id.", examples=["0199d3c1-5a70-7cc3-98c4-dc0c0c07398f"])]
Token = Annotated[
    str,
    Path(
        description="Token of the share link.",
        min_length=1,
        max_length=MAX_TOKEN_LENGTH,
        examples=["mJ0w3Xb1p5cV8nQe7sTzR2uYk4iLaH6d"],
    ),
]
#: Keeps the token out of Referer headers, and the response out of caches, where it would outlive a revoked link.
_SHARE_LINK_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
_MIDI_RESPONSES: dict[int | str, dict[str, Any]] = artifact_responses(MIDI_CONTENT_TYPE)


@router.post("", summary="Create a share link", status_code=201, responses=problem_responses(409))
async def share_song(session: SessionDep, user: CurrentUser, song_id: SongId, new: NewShare) -> NewShareAnswer:
    """Creates a link with which people without an account can listen to the song. Only this response has its token.

    The link of a guest ends with the guest; registering keeps it.
    """
    expires_at = None if new.days is None else datetime.now(UTC) + timedelta(days=new.days)
    share, token = await shares.share(
        session, song_id, user.id, label=new.label, allow_download=new.allow_download, expires_at=expires_at
    )
    url = f"/api/v1/library/shared/{token}"
    return NewShareAnswer(**ShareAnswer.of(share).model_dump(), token=token, url=url)


@router.get("", summary="List the share links of a song")
async def list_shares(session: ReadSessionDep, user: CurrentUser, song_id: SongId) -> ShareList:
    """The links that were not revoked, with their number of views."""
    return ShareList(items=[ShareAnswer.of(share) for share in await shares.links(session, song_id, user.id)])


@router.delete("/{share_id}", summary="Revoke a share link", status_code=204)
async def revoke_share(session: SessionDep, user: CurrentUser, song_id: SongId, share_id: ShareId) -> None:
    """Revokes the link with immediate effect."""
    await shares.revoke(session, song_id, share_id, user.id)


@link_router.get("", summary="Open a share link", response_model=SharedSong)
async def open_share(session: SessionDep, token: Token) -> Response:
    """The song of a share link. Counts as one view."""
    share, song = await shares.view(session, token)
    response = json_response(SharedSong.of(share, song, f"/api/v1/library/shared/{token}/midi"))
    response.headers.update(_SHARE_LINK_HEADERS)
    return response


@link_router.get("/head", include_in_schema=False, response_class=HTMLResponse)
async def get_link_preview(session: ReadSessionDep, token: Token, origin: Origin) -> Response:
    """The elements of a link preview, which the gateway inserts into the page. Does not count as a view."""
    _, song = await shares.open_link(session, token)
    return HTMLResponse(preview_tags(song, token, origin), headers=_SHARE_LINK_HEADERS)


@link_router.head("/midi", include_in_schema=False, response_class=Response)
@link_router.get("/midi", summary="Download a shared song as MIDI", response_class=Response, responses=_MIDI_RESPONSES)
async def download_shared_midi(
    request: Request, database: DatabaseDep, store: ObjectStoreDep, token: Token
) -> Response:
    """The MIDI file of a song whose link allows downloads."""
    async with database.readers() as session:
        share, song = await shares.open_link(session, token)
    if not share.allow_download:
        raise DownloadNotAllowed
    response = await midi_response(request, store, song)
    response.headers.update(_SHARE_LINK_HEADERS)
    return response
