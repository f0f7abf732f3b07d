"""`/api/v1/pianorolls/{song_id}.{format}`: what a song looks like."""

from typing import Annotated

from euterpe_service_kit.artifacts import artifact_responses, content_disposition
from euterpe_service_kit.etags import none_match, require_match, strong_etag
from euterpe_service_kit.problems import problem_responses
from euterpe_service_kit.security import OptionalUser
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from euterpe_converter.dependencies import PicturesDep, SongId, discretion, share_field
from euterpe_converter.domain.picture import (
    CARD_HEIGHT,
    CARD_WIDTH,
    LEAST_HEIGHT,
    LEAST_WIDTH,
    MOST_HEIGHT,
    MOST_WIDTH,
    Picture,
    PictureFormat,
    Theme,
)
from euterpe_converter.domain.requester import Listener

router = APIRouter(prefix="/api/v1/pianorolls", tags=["pictures"], responses=problem_responses(401, 403, 404, 422, 503))
_CONTENT = {kind.content_type: {"schema": {"type": "string", "format": "binary"}} for kind in PictureFormat}
PictureInPath = Annotated[PictureFormat, Path(alias="format", description="The file extension.", examples=["svg"])]


class PictureOptions(BaseModel):
    """How a piano roll shall look."""

    model_config = ConfigDict(extra="forbid")

    theme: Theme = Field(default=Theme.AUTO, description="`auto`: an SVG follows its reader's theme; a PNG is light.")
    width: int = Field(default=1200, ge=LEAST_WIDTH, le=MOST_WIDTH, description="In pixels.")
    height: int = Field(default=400, ge=LEAST_HEIGHT, le=MOST_HEIGHT, description="In pixels.")
    card: bool = Field(
        default=False,
        description=f"{CARD_WIDTH} × {CARD_HEIGHT} pixels, with title and author: the picture of a shared page.",
    )
    share: str = share_field()

    def picture(self, kind: PictureFormat) -> Picture:
        """What the use cases understand."""
        width, height = (CARD_WIDTH, CARD_HEIGHT) if self.card else (self.width, self.height)
        return Picture(kind, self.theme, width, height, self.card)


@router.head("/{song_id}.{format}", include_in_schema=False, response_class=Response)
@router.get(
    "/{song_id}.{format}",
    summary="A song as a piano roll",
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
    """Time from left to right, pitch from the bottom up, a colour for each track, louder notes stronger. Whoever may
    hear the song may see it, also by the token of a share link.
    """
    listener = Listener(user.id if user else None, options.share)
    drawing = await pictures.of_song(song_id, options.picture(picture_format), listener)
    etag = strong_etag(drawing.digest)
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"} | discretion(options.share)
    require_match(request.headers.get("if-match"), etag)
    if not none_match(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    name = f"{drawing.picture.title}.{picture_format.value}"
    headers |= {
        "Content-Disposition": content_disposition(name, inline=True),
        "X-Content-Type-Options": "nosniff",
        # An SVG that is opened by itself is a document: it may use its own style, and nothing else.
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    }
    return Response(await drawing.draw(), headers=headers, media_type=picture_format.content_type)
