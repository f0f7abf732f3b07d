"""Listings of songs: filtered, sorted, with keyset pagination."""

import sys
from dataclasses import replace
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.filters import NO_FILTER, Mine, Scope, SongFilter, Sort
from euterpe_library.domain.page import Page, Position
from euterpe_library.domain.song import Song
from euterpe_library.storage.columns import song_of
from euterpe_library.storage.explain import Explain
from euterpe_library.storage.matching import matches
from euterpe_library.storage.models import SongRow
from euterpe_library.storage.pages import SCAN_LENGTH, PageStatements, own_songs, scoped, with_songs

_SCAN_MARGIN = 1.5


class SongListingRepository:
    """One listing with a filter, within one transaction."""

    def __init__(self, session: AsyncSession, scope: Scope, song_filter: SongFilter) -> None:
        self._session = session
        self._scope = scope
        self._filter = song_filter

    async def page(self, sort: Sort, *, limit: int, after: Position | None, reader_id: str | None) -> Page[Song]:
        """Return `limit` songs after a position, as `reader_id` sees them."""
        # One more than requested tells whether there is a next page.
        number = limit + 1
        if self._filter == NO_FILTER and isinstance(self._scope, Mine):
            rows = await self._rows(*own_songs(self._scope.owner_id, sort, after, number))
        else:
            rows = await self._filtered(PageStatements(self._scope, self._filter, sort, after), sort, number, reader_id)
        songs = tuple(song_of(row) for row in rows[:limit])
        last = Position(sort, rows[limit - 1].sort_value, songs[-1].id) if len(rows) > limit else None
        return Page(songs, last)

    async def _filtered(self, statements: PageStatements, sort: Sort, number: int, reader_id: str | None) -> list[Any]:
        """Return the rows of a page.

        If many songs match, a short scan along the order meets enough of them. If few match, all of them can be found
        and then sorted. The planner's estimate selects the strategy. The planner assumes that conditions are
        independent of each other and of the order, and would sometimes scan everything, so the scan is bounded here.
        A scan that finds too few songs is extended if it is probably near its end; otherwise the other one follows.
        """
        if self._filter.without_sort_bounds(sort) == NO_FILTER:
            return await self._rows(with_songs(statements.first(number), sort, reader_id))
        expected = await self._estimated_matches()
        length = SCAN_LENGTH
        while length <= expected:
            rows = await self._rows(with_songs(statements.scanned(number, length), sort, reader_id))
            if len(rows) == number:
                return rows
            # Extrapolates from the matches so far, with a margin; without any, the scan is given up.
            length = int(length * _SCAN_MARGIN * number / len(rows)) if rows else sys.maxsize
        return await self._rows(with_songs(statements.searched(number), sort, reader_id))

    async def _estimated_matches(self) -> float:
        """Return the planner's estimate of the number of matching songs."""
        # Prefixes are omitted: for one or two letters, the planner's estimate is far too low.
        without_prefixes = replace(self._filter, text=replace(self._filter.text, prefixes=()))
        matching = scoped(select(SongRow.id), self._scope).where(*matches(without_prefixes, self._scope))
        plan = await self._session.scalar(Explain(matching))
        return float(plan[0]["Plan"]["Plan Rows"])

    async def _rows(self, statement: Select[Any], values: dict[str, Any] | None = None) -> list[Any]:
        # Rows instead of objects: the session's identity map takes as long as the query.
        connection = await self._session.connection()
        return list(await connection.execute(statement, values))
