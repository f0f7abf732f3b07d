"""`/api/v1/library/explore`: public songs."""

from typing import Annotated

from euterpe_service_kit.database import ReadSessionDep
from euterpe_service_kit.errors import Unauthenticated
from euterpe_service_kit.problems import problem_responses
from euterpe_service_kit.security import OptionalUser
from euterpe_service_kit.tokens import Principal
from fastapi import APIRouter, Query, Response

from euterpe_library.domain.filters import Feed
from euterpe_library.routes.queries import FeedQuery
from euterpe_library.routes.responses import json_response
from euterpe_library.routes.schemas import FacetsAnswer, SongPage
from euterpe_library.services import listings
from euterpe_library.services.listings import PageRequest

router = APIRouter(prefix="/api/v1/library/explore", tags=["explore"], responses=problem_responses(401, 403, 422, 503))


@router.get("", summary="List and search public songs", response_model=SongPage)
async def explore_songs(session: ReadSessionDep, user: OptionalUser, query: Annotated[FeedQuery, Query()]) -> Response:
    """Public songs, filtered and sorted: the newest, the most liked, of a style, of authors that you follow."""
    request = PageRequest(query.sort, query.limit, query.after, user.id if user else None)
    return json_response(SongPage.of(await listings.page(session, _feed(user, query), query.filter(), request)))


@router.get("/facets", summary="Count values of public songs")
async def explore_facets(
    session: ReadSessionDep, user: OptionalUser, query: Annotated[FeedQuery, Query()]
) -> FacetsAnswer:
    """Number of songs per value of each facet. `sort`, `limit` and `cursor` are ignored."""
    return FacetsAnswer.of(await listings.facets(session, _feed(user, query), query.filter()))


def _feed(user: Principal | None, query: FeedQuery) -> Feed:
    if not query.following:
        return Feed(author_id=query.author)
    if user is None:
        raise Unauthenticated("`following` needs a login. Log in first.")
    return Feed(author_id=query.author, followed_by=user.id)
