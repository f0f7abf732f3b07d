"""Listings of songs. Every function runs in its caller's transaction."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.filters import Facets, Scope, SongFilter, Sort
from euterpe_library.domain.page import Page, Position
from euterpe_library.domain.song import Song
from euterpe_library.storage.facets import FacetRepository
from euterpe_library.storage.listing import SongListingRepository


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Order, size and position of a page, and its reader."""

    sort: Sort = Sort.NEWEST
    limit: int = 20
    after: Position | None = None
    reader_id: str | None = None


async def page(session: AsyncSession, scope: Scope, song_filter: SongFilter, request: PageRequest) -> Page[Song]:
    """Return a page of songs. Songs added or removed meanwhile neither repeat nor hide other songs."""
    repository = SongListingRepository(session, scope, song_filter)
    return await repository.page(request.sort, limit=request.limit, after=request.after, reader_id=request.reader_id)


async def facets(session: AsyncSession, scope: Scope, song_filter: SongFilter) -> Facets:
    """Count the values of the songs of a listing."""
    return await FacetRepository(session).count(scope, song_filter)
