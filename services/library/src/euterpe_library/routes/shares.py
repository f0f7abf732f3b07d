"""Share links: made and revoked under their song, opened under `/api/v1/library/shared/{token}`."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from euterpe_service_kit.artifacts import artifact_responses
from euterpe_service_kit.database import ReadSessionDep, SessionDep
from euterpe_service_kit.problems import problem_responses
from euterpe_service_kit.security import CurrentUser, RegisteredUser
from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import HTMLResponse

from euterpe_library.dependencies import DatabaseDep, ObjectStoreDep, SongId
from euterpe_library.domain.share import MAX_TOKEN_LENGTH
from euterpe_library.errors import DownloadNotAllowed
from euterpe_library.routes.link_preview import Origin, head_of
from euterpe_library.routes.responses import json_answer
from euterpe_library.routes.social_schemas import NewShare, NewShareAnswer, ShareAnswer, SharedSong, ShareList
from euterpe_library.routes.songs import MIDI_TYPE, midi_response
from euterpe_library.services import shares

_ERRORS = problem_responses(401, 403, 404, 422, 503)
router = APIRouter(prefix="/api/v1/songs/{song_id}/shares", tags=["sharing"], responses=_ERRORS)
#: Whoever has a link needs no account, and no token that they may have anyway is looked at.
opened = APIRouter(
    prefix="/api/v1/library/shared/{token}", tags=["sharing"], responses=problem_responses(403, 404, 422, 503)
)

ShareId = Annotated[uuid.UUID, Path(description="The link's id.", examples=["0199d3c1-5a70-7cc3-98c4-dc0c0c07398f"])]
Token = Annotated[
    str,
    Path(
        description="The link's token.",
        min_length=1,
        max_length=MAX_TOKEN_LENGTH,
        examples=["mJ0w3Xb1p5cV8nQe7sTzR2uYk4iLaH6d"],
    ),
]
#: The token must not leak from the page that uses it, nor stay in a cache after the link was revoked.
_DISCREET = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
_UNCOUNTED: dict[int | str, dict[str, Any]] = artifact_responses(MIDI_TYPE)


@router.post("", summary="Share a song by a link", status_code=201, responses=problem_responses(409))
async def share_song(session: SessionDep, user: RegisteredUser, song_id: SongId, new: NewShare) -> NewShareAnswer:
    """A link by which people without an account can hear the song. Its token is shown in this answer only."""
    expires_at = None if new.days is None else datetime.now(UTC) + timedelta(days=new.days)
    share, token = await shares.share(
        session, song_id, user.id, label=new.label, allow_download=new.allow_download, expires_at=expires_at
    )
    url = f"/api/v1/library/shared/{token}"
    return NewShareAnswer(**ShareAnswer.of(share).model_dump(), token=token, url=url)


@router.get("", summary="List the links to your song")
async def list_shares(session: ReadSessionDep, user: CurrentUser, song_id: SongId) -> ShareList:
    """Links that were not revoked, with how often they were opened."""
    return ShareList(items=[ShareAnswer.of(share) for share in await shares.links(session, song_id, user.id)])


@router.delete("/{share_id}", summary="Revoke a link", status_code=204)
async def revoke_share(session: SessionDep, user: CurrentUser, song_id: SongId, share_id: ShareId) -> None:
    """The link shows nothing from now on."""
    await shares.revoke(session, song_id, share_id, user.id)


@opened.get("", summary="Open a share link", response_model=SharedSong)
async def open_share(session: SessionDep, token: Token) -> Response:
    """The song that a link leads to; counts as one view."""
    share, song = await shares.view(session, token)
    response = json_answer(SharedSong.of(share, song, f"/api/v1/library/shared/{token}/midi"))
    response.headers.update(_DISCREET)
    return response


@opened.get("/head", include_in_schema=False, response_class=HTMLResponse)
async def read_link_head(session: ReadSessionDep, token: Token, origin: Origin) -> Response:
    """For the gateway, which puts it into the page of the link: what previews show. Not counted as a view."""
    _, song = await shares.open_link(session, token)
    return HTMLResponse(head_of(song, token, origin), headers=_DISCREET)


@opened.head("/midi", include_in_schema=False, response_class=Response)
@opened.get("/midi", summary="A shared song as a MIDI file", response_class=Response, responses=_UNCOUNTED)
async def download_shared_midi(
    request: Request, database: DatabaseDep, store: ObjectStoreDep, token: Token
) -> Response:
    """The file of a song whose link allows downloads."""
    async with database.readers() as session:
        share, song = await shares.open_link(session, token)
    if not share.allow_download:
        raise DownloadNotAllowed
    response = await midi_response(request, store, song)
    response.headers.update(_DISCREET)
    return response
