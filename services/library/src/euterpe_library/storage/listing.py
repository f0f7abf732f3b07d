"""Listings of songs: filtered, ordered, by keyset; and what their facets count."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Row,
    Select,
    Subquery,
    Text,
    cast,
    func,
    literal,
    literal_column,
    null,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from euterpe_library.domain.filters import FILTERED_MEASURES, NOTHING, Facets, Liked, Scope, SongFilter, Sort
from euterpe_library.domain.page import Page, Position
from euterpe_library.domain.song import Song
from euterpe_library.storage.columns import select_songs, song_of
from euterpe_library.storage.explain import Explain
from euterpe_library.storage.matching import in_scope, matches, scope_time, within_order
from euterpe_library.storage.models import SORTED_TITLE_LENGTH, SongRow
from euterpe_library.storage.sharing_models import CountRow, LikeRow

#: Counting more would make a search wait for its facets.
_FACET_SONGS = 2000
_FACET_VALUES = 25
#: How many songs a walk along an order tries: a song in _WALK / 21 must pass to fill a page of 20.
_WALK = 3000
#: What conditions look at.
_TESTED = (
    "document",
    "search_text",
    "tempo_bpm",
    "duration_seconds",
    "visibility",
    "created_at",
    "published_at",
    *FILTERED_MEASURES,
)
_TEMPO_STEP = 20
_DESCENDING = frozenset({Sort.NEWEST, Sort.LONGEST, Sort.LIKED})


class SongListing:
    """One listing, narrowed down by a filter."""

    def __init__(self, session: AsyncSession, scope: Scope, wanted: SongFilter) -> None:
        self._session = session
        self._scope = scope
        self._wanted = wanted

    async def page(self, sort: Sort, *, limit: int, after: Position | None, reader_id: str | None) -> Page[Song]:
        """`limit` songs in this order behind a position.

        What passes a filter is either frequent, so that a short walk along the order meets enough of it, or it is
        rare, so that all of it can be found and then put in order. Which of both, the planner's estimate tells; but
        the planner takes conditions for independent of each other and of the order, and left to itself would at times
        walk past everything. So a walk is bounded here, and a vain one is followed by the other way.
        """
        # One more than asked for tells whether there is a next page.
        wanted = limit + 1
        ordered = self._ordered(sort, after)
        rows: Sequence[Row[Any]] = ()
        demands_nothing = self._wanted.beyond(sort) == NOTHING
        if demands_nothing:
            rows = await self._read(sort, ordered.limit(wanted).subquery(), reader_id)
        elif await self._is_frequent():
            rows = await self._read(sort, self._walked(sort, ordered, wanted), reader_id)
        if len(rows) < wanted and not demands_nothing:
            rows = await self._read(sort, self._sought(sort, after, wanted), reader_id)
        songs = tuple(song_of(row) for row in rows[:limit])
        last = Position(sort, rows[limit - 1].sort_value, songs[-1].id) if len(rows) > limit else None
        return Page(songs, last)

    async def facets(self) -> Facets:
        """How many songs have which model, style and so on, in bounded time."""
        columns = ("model", "style", "key", "instruments", "tags", "tempo_bpm", "visibility")
        found = self._scoped(select(*(getattr(SongRow, name) for name in columns)))
        found = found.where(*matches(self._wanted, self._scope))
        sample = found.limit(_FACET_SONGS + 1).cte("found").prefix_with("MATERIALIZED", dialect="postgresql")
        single = [_counted(name, sample.c[name]) for name in ("model", "style", "key", "visibility")]
        many = [_counted(name, func.unnest(sample.c[column])) for name, column in _SEVERAL]
        tempo = func.floor(sample.c.tempo_bpm / _TEMPO_STEP) * _TEMPO_STEP
        whole: Any = select(literal_column("''"), null(), func.count()).select_from(sample)
        counts: CompoundSelect[Any] = union_all(whole, *single, *many, _counted("tempo_bpm", tempo))
        return _facets((await self._session.execute(counts)).all())

    async def _is_frequent(self) -> bool:
        # Beginnings of words are left out: of one or two letters, the planner expects far too little.
        known = replace(self._wanted, text=replace(self._wanted.text, prefixes=()))
        passing = self._scoped(select(SongRow.id)).where(*matches(known, self._scope))
        plan = await self._session.scalar(Explain(passing))
        return bool(plan[0]["Plan"]["Plan Rows"] > _WALK)

    async def _read(self, sort: Sort, found: Subquery, reader_id: str | None) -> Sequence[Row[Any]]:
        # Read after they were found, so that neither sorting nor counting is done for more than a page.
        statement = select_songs(reader_id).add_columns(found.c.sort_value).join(found, found.c.id == SongRow.id)
        # Rows, not objects: the session's own way through its identity map takes as long as the query.
        connection = await self._session.connection()
        return list(await connection.execute(_in_order(statement, sort, found.c.sort_value, SongRow.id)))

    def _walked(self, sort: Sort, ordered: Select[Any], wanted: int) -> Subquery:
        """Those of the first songs in this order that pass."""
        walk = ordered.add_columns(*(getattr(SongRow, name) for name in _TESTED)).limit(_WALK).subquery("walk")
        song = aliased(SongRow, walk, adapt_on_names=True)
        passing = select(walk.c.id, walk.c.sort_value).where(*matches(self._wanted, self._scope, song))
        return _in_order(passing, sort, walk.c.sort_value, walk.c.id).limit(wanted).subquery("found")

    def _sought(self, sort: Sort, after: Position | None, wanted: int) -> Subquery:
        """All that pass, found without regard to the order and then put in it."""
        passing = self._behind(sort, after).where(*matches(self._wanted, self._scope))
        # An offset, even of nothing, is planned by itself.
        sought = passing.offset(literal_column("0")).subquery("sought")
        ordered = _in_order(select(sought.c.id, sought.c.sort_value), sort, sought.c.sort_value, sought.c.id)
        return ordered.limit(wanted).subquery("found")

    def _ordered(self, sort: Sort, after: Position | None) -> Select[Any]:
        reached = self._behind(sort, after).where(*within_order(self._wanted, sort, self._scope))
        return _in_order(reached, sort, *self._order(sort))

    def _behind(self, sort: Sort, after: Position | None) -> Select[Any]:
        value, song_id = self._order(sort)
        statement = self._scoped(select(song_id.label("id"), value.label("sort_value")).select_from(SongRow))
        if sort is Sort.LIKED:
            statement = statement.join(CountRow, CountRow.song_id == SongRow.id).where(CountRow.like_count > 0)
        if after is not None:
            here, there = tuple_(value, song_id), tuple_(literal(after.value, value.type), literal(after.id))
            statement = statement.where(here < there if sort in _DESCENDING else here > there)
        return statement

    def _scoped(self, statement: Select[Any]) -> Select[Any]:
        if isinstance(self._scope, Liked):
            statement = statement.join(LikeRow, LikeRow.song_id == SongRow.id)
        return statement.where(*in_scope(self._scope))

    def _order(self, sort: Sort) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
        song_id: ColumnElement[Any] = SongRow.id.expression
        if sort is Sort.TITLE:
            return func.left(SongRow.title_folded, literal_column(str(SORTED_TITLE_LENGTH))), song_id
        if sort in (Sort.LONGEST, Sort.SHORTEST):
            return SongRow.duration_seconds.expression, song_id
        if sort is Sort.LIKED:
            return CountRow.like_count.expression, CountRow.song_id.expression
        return scope_time(self._scope), LikeRow.song_id.expression if isinstance(self._scope, Liked) else song_id


def _in_order(statement: Select[Any], sort: Sort, *columns: Any) -> Select[Any]:
    return statement.order_by(*(each.desc() if sort in _DESCENDING else each.asc() for each in columns))


_SEVERAL = (("instrument", "instruments"), ("tag", "tags"))


def _counted(name: str, value: ColumnElement[Any]) -> Select[Any]:
    labelled = select(cast(value, Text).label("value")).subquery()
    return (
        select(literal_column(f"'{name}'"), labelled.c.value, func.count())
        .where(labelled.c.value.is_not(None))
        .group_by(labelled.c.value)
    )


def _facets(rows: Sequence[Any]) -> Facets:
    total = 0
    counts: dict[str, dict[str, int]] = {}
    for name, value, count in sorted(rows, key=lambda row: (-row[2], row[1] or "")):
        if not name:
            total = count
        elif len(values := counts.setdefault(name, {})) < _FACET_VALUES:
            values[value] = count
    return Facets(min(total, _FACET_SONGS), total <= _FACET_SONGS, counts)
