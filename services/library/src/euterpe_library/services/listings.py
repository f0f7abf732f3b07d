"""Listings of songs. Every function runs in its caller's transaction."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.filters import Facets, Scope, SongFilter, Sort
from euterpe_library.domain.page import Page, Position
from euterpe_library.domain.song import Song
from euterpe_library.storage.facets import count_facets
from euterpe_library.storage.listing import SongListing


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which part of a listing, and for whom."""

    sort: Sort = Sort.NEWEST
    limit: int = 20
    after: Position | None = None
    reader_id: str | None = None


async def page(session: AsyncSession, scope: Scope, wanted: SongFilter, request: PageRequest) -> Page[Song]:
    """A page of songs. Songs that come or go meanwhile make no other one appear twice or not at all."""
    listing = SongListing(session, scope, wanted)
    return await listing.page(request.sort, limit=request.limit, after=request.after, reader_id=request.reader_id)


async def facets(session: AsyncSession, scope: Scope, wanted: SongFilter) -> Facets:
    """What the songs of a listing have in common, with counts."""
    return await count_facets(session, scope, wanted)
