"""`/api/v1/pianorolls/{song_id}.{format}`: songs as piano rolls."""

from typing import Annotated

from euterpe_music.titles import file_name
from euterpe_service_kit.artifacts import artifact_responses, content_disposition
from euterpe_service_kit.etags import none_match, require_match, strong_etag
from euterpe_service_kit.problems import problem_responses
from euterpe_service_kit.security import OptionalUser
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from euterpe_converter.dependencies import PicturesDep, SongId, share_field, share_link_headers
from euterpe_converter.domain.picture import (
    CARD_HEIGHT,
    CARD_WIDTH,
    MAX_HEIGHT,
    MAX_WIDTH,
    MIN_HEIGHT,
    MIN_WIDTH,
    Picture,
    PictureFormat,
    Theme,
)
from euterpe_converter.domain.requester import Requester

router = APIRouter(prefix="/api/v1/pianorolls", tags=["pictures"], responses=problem_responses(401, 403, 404, 422, 503))
_CONTENT = {kind.content_type: {"schema": {"type": "string", "format": "binary"}} for kind in PictureFormat}
PictureInPath = Annotated[PictureFormat, Path(alias="format", description="The file extension.", examples=["svg"])]


class PictureOptions(BaseModel):
    """Options of a piano roll."""

    model_config = ConfigDict(extra="forbid")

    theme: Theme = Field(
        default=Theme.AUTO, description="With `auto`, an SVG follows the viewer's theme, and a PNG is light."
    )
    width: int = Field(default=1200, ge=MIN_WIDTH, le=MAX_WIDTH, description="Width in pixels.")
    height: int = Field(default=400, ge=MIN_HEIGHT, le=MAX_HEIGHT, description="Height in pixels.")
    card: bool = Field(
        default=False,
        description=f"Link preview of {CARD_WIDTH} × {CARD_HEIGHT} pixels with title and author.",
    )
    share: str = share_field()

    def picture(self, kind: PictureFormat) -> Picture:
        """Convert to the use cases' type."""
        width, height = (CARD_WIDTH, CARD_HEIGHT) if self.card else (self.width, self.height)
        return Picture(kind, self.theme, width, height, self.card)


@router.head("/{song_id}.{format}", include_in_schema=False, response_class=Response)
@router.get(
    "/{song_id}.{format}",
    summary="Draw a song as a piano roll",
    response_class=Response,
    responses={
        200: {"description": "The picture.", "content": _CONTENT},
        **{status: artifact_responses("image/png")[status] for status in (304, 412)},
    },
)
async def get_song_pianoroll(
    request: Request,
    pictures: PicturesDep,
    user: OptionalUser,
    song_id: SongId,
    picture_format: PictureInPath,
    options: Annotated[PictureOptions, Query()],
) -> Response:
    """Time from left to right, pitch from bottom to top, a colour per track, louder notes stronger. Available to
    all users who may read the song, including holders of a share link.
    """
    requester = Requester(user.id if user else None, options.share)
    lazy_picture = await pictures.for_song(song_id, options.picture(picture_format), requester)
    etag = strong_etag(lazy_picture.digest)
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"} | share_link_headers(options.share)
    require_match(request.headers.get("if-match"), etag)
    if not none_match(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    name = file_name(lazy_picture.picture.title, picture_format.value)
    headers |= {
        "Content-Disposition": content_disposition(name, inline=True),
        "X-Content-Type-Options": "nosniff",
        # An SVG opened on its own is a document: allow its inline style only.
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    }
    return Response(await lazy_picture.draw(), headers=headers, media_type=picture_format.content_type)
