"""`/api/v1/scores/{song_id}.{format}`: songs as sheet music."""

from dataclasses import replace
from typing import Annotated, Any

from euterpe_music.default_titles import Language
from euterpe_music.titles import file_name
from euterpe_service_kit.artifacts import artifact_responses, content_disposition
from euterpe_service_kit.etags import none_match, require_match, strong_etag
from euterpe_service_kit.problems import problem_responses
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from euterpe_converter.dependencies import RequesterDep, ScoresDep, SongId, share_field, share_link_headers
from euterpe_converter.domain.score import ScoreFormat, ScoreLayout, ScoreOptions
from euterpe_converter.routes.disconnect import while_connected

router = APIRouter(
    prefix="/api/v1/scores", tags=["scores"], responses=problem_responses(401, 403, 404, 422, 429, 500, 503)
)
_CONTENT = {
    kind.content_type.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}} for kind in ScoreFormat
}
_PAGE_COUNT = {"description": "Number of pages of the score (SVG, PDF).", "schema": {"type": "integer"}}
_MAX_PAGE = 1000
ScoreFormatInPath = Annotated[ScoreFormat, Path(alias="format", description="The file extension.", examples=["pdf"])]


class ScoreQuery(BaseModel):
    """Options of a score."""

    model_config = ConfigDict(extra="forbid")

    page: int = Field(default=1, ge=1, le=_MAX_PAGE, description="The page of an SVG, counted from 1.")
    layout: ScoreLayout = Field(
        default=ScoreLayout.A4, description="Size of the pages (SVG, PDF): paper, or as narrow as a phone's screen."
    )
    language: Language = Field(default="en", description="Language of the names of instruments.")
    download: bool = Field(default=False, description="Save the file instead of showing it in the browser.")
    share: str = share_field()


def _responses() -> dict[int | str, dict[str, Any]]:
    given = artifact_responses("application/pdf")
    written = {"description": "The score.", "content": _CONTENT, "headers": {"X-Page-Count": _PAGE_COUNT}}
    return {200: written, **{status: given[status] for status in (304, 412)}}


@router.head("/{song_id}.{format}", include_in_schema=False, response_class=Response)
@router.get("/{song_id}.{format}", summary="Get a song as sheet music", response_class=Response, responses=_responses())
async def get_song_score(
    request: Request,
    scores: ScoresDep,
    requester: RequesterDep,
    song_id: SongId,
    score_format: ScoreFormatInPath,
    query: Annotated[ScoreQuery, Query()],
) -> Response:
    """MusicXML for notation programs, PDF for printing, one page as SVG for showing, and ABC for tunes with one melody.
    Songs in free time are quantized to sixteenths and triplets. Available to all users who may read the song; a share
    link that allows listening only shows SVG.
    """
    sharer = replace(requester, share_token=query.share)
    options = ScoreOptions(score_format, query.layout, query.page, query.language)
    lazy_score = await scores.for_song(song_id, options, sharer)
    etag = strong_etag(lazy_score.digest)
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"} | share_link_headers(query.share)
    require_match(request.headers.get("if-match"), etag)
    if not none_match(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    name = file_name(lazy_score.options.title, score_format.value)
    headers |= {
        "Content-Disposition": content_disposition(name, inline=not query.download),
        "X-Content-Type-Options": "nosniff",
        # An SVG opened on its own is a document: allow its inline style and music font only.
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; font-src data:",
    }
    if request.method == "HEAD":
        return Response(headers=headers, media_type=score_format.content_type)
    written = await while_connected(request, lazy_score.write())
    if written.pages:
        headers["X-Page-Count"] = str(written.pages)
    return Response(written.content, headers=headers, media_type=score_format.content_type)
