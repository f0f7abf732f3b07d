"""Listings of songs: filtered, ordered, by keyset; and what their facets count."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
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

from euterpe_library.domain.filters import Facets, Liked, Scope, SongFilter, Sort
from euterpe_library.domain.page import Page, Position
from euterpe_library.domain.song import Song
from euterpe_library.storage.columns import select_songs, song_of
from euterpe_library.storage.matching import in_scope, matches, scope_time
from euterpe_library.storage.models import SORTED_TITLE_LENGTH, SongRow
from euterpe_library.storage.sharing_models import CountRow, LikeRow

#: Counting more would make a search wait for its facets.
_FACET_SONGS = 2000
_FACET_VALUES = 25
_TEMPO_STEP = 20
_DESCENDING = frozenset({Sort.NEWEST, Sort.LONGEST, Sort.LIKED})


class SongListing:
    """One listing, narrowed down by a filter."""

    def __init__(self, session: AsyncSession, scope: Scope, wanted: SongFilter) -> None:
        self._session = session
        self._scope = scope
        self._wanted = wanted

    async def page(self, sort: Sort, *, limit: int, after: Position | None, reader_id: str | None) -> Page[Song]:
        """`limit` songs in this order behind a position."""
        # Found first and read then, so that neither sorting nor counting is done for more than a page.
        found = self._found(sort, limit, after).subquery()
        statement = select_songs(reader_id).add_columns(found.c.sort_value)
        ordered = _in_order(statement.join(found, found.c.id == SongRow.id), sort, found.c.sort_value, SongRow.id)
        rows = (await self._session.execute(ordered)).all()
        songs = tuple(song_of(row) for row in rows[:limit])
        last = Position(sort, rows[limit - 1].sort_value, songs[-1].id) if len(rows) > limit else None
        return Page(songs, last)

    async def facets(self) -> Facets:
        """How many songs have which model, style and so on, in bounded time."""
        columns = ("model", "style", "key", "instruments", "tags", "tempo_bpm", "visibility")
        found = self._narrowed(select(*(getattr(SongRow, name) for name in columns)))
        sample = found.limit(_FACET_SONGS + 1).cte("found").prefix_with("MATERIALIZED", dialect="postgresql")
        single = [_counted(name, sample.c[name]) for name in ("model", "style", "key", "visibility")]
        many = [_counted(name, func.unnest(sample.c[column])) for name, column in _SEVERAL]
        tempo = func.floor(sample.c.tempo_bpm / _TEMPO_STEP) * _TEMPO_STEP
        whole: Any = select(literal_column("''"), null(), func.count()).select_from(sample)
        counts: CompoundSelect[Any] = union_all(whole, *single, *many, _counted("tempo_bpm", tempo))
        return _facets((await self._session.execute(counts)).all())

    def _found(self, sort: Sort, limit: int, after: Position | None) -> Select[Any]:
        value, song_id = self._order(sort)
        statement = self._narrowed(select(song_id.label("id"), value.label("sort_value")).select_from(SongRow))
        if sort is Sort.LIKED:
            statement = statement.join(CountRow, CountRow.song_id == SongRow.id).where(CountRow.like_count > 0)
        if after is not None:
            here, there = tuple_(value, song_id), tuple_(literal(after.value, value.type), literal(after.id))
            statement = statement.where(here < there if sort in _DESCENDING else here > there)
        # One more than asked for tells whether there is a next page.
        return _in_order(statement, sort, value, song_id).limit(limit + 1)

    def _narrowed(self, statement: Select[Any]) -> Select[Any]:
        if isinstance(self._scope, Liked):
            statement = statement.join(LikeRow, LikeRow.song_id == SongRow.id)
        return statement.where(*in_scope(self._scope), *matches(self._wanted, self._scope))

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
