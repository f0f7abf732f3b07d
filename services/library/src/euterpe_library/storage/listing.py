"""Listings of songs: filtered, ordered, by keyset."""

import sys
from dataclasses import replace
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.filters import NOTHING, Mine, Scope, SongFilter, Sort
from euterpe_library.domain.page import Page, Position
from euterpe_library.domain.song import Song
from euterpe_library.storage.columns import song_of
from euterpe_library.storage.explain import Explain
from euterpe_library.storage.matching import matches
from euterpe_library.storage.models import SongRow
from euterpe_library.storage.pages import WALK, Finder, own_songs, scoped, with_songs

_MARGIN = 1.5


class SongListing:
    """One listing, narrowed down by a filter."""

    def __init__(self, session: AsyncSession, scope: Scope, wanted: SongFilter) -> None:
        self._session = session
        self._scope = scope
        self._wanted = wanted

    async def page(self, sort: Sort, *, limit: int, after: Position | None, reader_id: str | None) -> Page[Song]:
        """`limit` songs in this order behind a position, as `reader_id` sees them."""
        # One more than asked for tells whether there is a next page.
        number = limit + 1
        if self._wanted == NOTHING and isinstance(self._scope, Mine):
            rows = await self._rows(*own_songs(self._scope.owner_id, sort, after, number))
        else:
            rows = await self._found(Finder(self._scope, self._wanted, sort, after), sort, number, reader_id)
        songs = tuple(song_of(row) for row in rows[:limit])
        last = Position(sort, rows[limit - 1].sort_value, songs[-1].id) if len(rows) > limit else None
        return Page(songs, last)

    async def _found(self, finder: Finder, sort: Sort, number: int, reader_id: str | None) -> list[Any]:
        """The rows of a page.

        What passes a filter is either frequent, so that a short walk along the order meets enough of it, or it is
        rare, so that all of it can be found and then put in order. Which of both, the planner's estimate tells; but
        the planner takes conditions for independent of each other and of the order, and left to itself would at times
        walk past everything. So a walk is bounded here. One that falls short goes on, where it seems near its end,
        and is followed by the other way otherwise.
        """
        if self._wanted.beyond(sort) == NOTHING:
            return await self._rows(with_songs(finder.first(number), sort, reader_id))
        expected = await self._expected()
        walk = WALK
        while walk <= expected:
            rows = await self._rows(with_songs(finder.walked(number, walk), sort, reader_id))
            if len(rows) == number:
                return rows
            # As far again as the songs met so far let expect, with a margin; for none, nothing is to be expected.
            walk = int(walk * _MARGIN * number / len(rows)) if rows else sys.maxsize
        return await self._rows(with_songs(finder.sought(number), sort, reader_id))

    async def _expected(self) -> float:
        """How many songs pass, by the planner's statistics."""
        # Beginnings of words are left out: of one or two letters, the planner expects far too little.
        known = replace(self._wanted, text=replace(self._wanted.text, prefixes=()))
        passing = scoped(select(SongRow.id), self._scope).where(*matches(known, self._scope))
        plan = await self._session.scalar(Explain(passing))
        return float(plan[0]["Plan"]["Plan Rows"])

    async def _rows(self, statement: Select[Any], values: dict[str, Any] | None = None) -> list[Any]:
        # Rows, not objects: the session's own way through its identity map takes as long as the query.
        connection = await self._session.connection()
        return list(await connection.execute(statement, values))
