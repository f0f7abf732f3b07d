"""Statements that find a page of a listing."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    DateTime,
    Double,
    Integer,
    Select,
    Subquery,
    Text,
    Uuid,
    bindparam,
    func,
    literal,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.orm import aliased
from sqlalchemy.types import TypeEngine

from euterpe_library.domain.filters import (
    CURSOR_VALUES,
    FILTERED_MEASURES,
    NO_FILTER,
    Liked,
    Mine,
    Scope,
    SongFilter,
    Sort,
)
from euterpe_library.domain.page import Position
from euterpe_library.storage.columns import select_songs
from euterpe_library.storage.matching import in_scope, matches, scope_time, sort_bounds
from euterpe_library.storage.models import SORTED_TITLE_LENGTH, SongRow
from euterpe_library.storage.social_models import CountRow, LikeRow

#: Initial length of a scan along an order; one in SCAN_LENGTH / 21 songs must match to fill a page of 20.
SCAN_LENGTH = 3000
#: Columns that conditions use.
_FILTERED_COLUMNS = (
    "document",
    "search_text",
    "tempo_bpm",
    "duration_seconds",
    "visibility",
    "created_at",
    "published_at",
    *FILTERED_MEASURES,
)
_DESCENDING = frozenset({Sort.NEWEST, Sort.LONGEST, Sort.LIKED})
_TYPES: Mapping[type, TypeEngine[Any]] = {
    datetime: DateTime(timezone=True),
    str: Text(),
    float: Double(),
    int: Integer(),
    uuid.UUID: Uuid(),
}


class PageStatements:
    """Selects songs of a scope that match a filter, in an order, after a position: subqueries of id and sort_value."""

    def __init__(self, scope: Scope, song_filter: SongFilter, sort: Sort, after: Position | None) -> None:
        self._scope = scope
        self._filter = song_filter
        self._sort = sort
        self._after = after

    def first(self, number: Any) -> Subquery:
        """Select the first songs in the order, without the filter."""
        return self._sorted().limit(number).subquery("found")

    def scanned(self, number: int, length: int) -> Subquery:
        """Select the matching ones of the first `length` songs in the order."""
        columns = (getattr(SongRow, name) for name in _FILTERED_COLUMNS)
        scan = self._sorted().add_columns(*columns).limit(length).subquery("scan")
        song = aliased(SongRow, scan, adapt_on_names=True)
        matching = select(scan.c.id, scan.c.sort_value).where(*matches(self._filter, self._scope, song))
        return _in_order(matching, self._sort, scan.c.sort_value, scan.c.id).limit(number).subquery("found")

    def searched(self, number: int) -> Subquery:
        """Select all matching songs by index, and then sort them."""
        matching = self._after_position().where(*matches(self._filter, self._scope))
        # OFFSET 0 keeps the planner from merging the subquery into the sort.
        found = matching.offset(literal_column("0")).subquery("searched")
        ordered = _in_order(select(found.c.id, found.c.sort_value), self._sort, found.c.sort_value, found.c.id)
        return ordered.limit(number).subquery("found")

    def _sorted(self) -> Select[Any]:
        bounded = self._after_position().where(*sort_bounds(self._filter, self._sort, self._scope))
        return _in_order(bounded, self._sort, *_order(self._sort, self._scope))

    def _after_position(self) -> Select[Any]:
        value, song_id = _order(self._sort, self._scope)
        statement = scoped(select(song_id.label("id"), value.label("sort_value")).select_from(SongRow), self._scope)
        if self._sort is Sort.LIKED:
            statement = statement.join(CountRow, CountRow.song_id == SongRow.id).where(CountRow.like_count > 0)
        if self._after is None:
            return statement
        current, last = tuple_(value, song_id), tuple_(_bound(self._after.value), _bound(self._after.id))
        return statement.where(current < last if self._sort in _DESCENDING else current > last)


def scoped(statement: Select[Any], scope: Scope) -> Select[Any]:
    """Restrict a statement about songs to a scope."""
    if isinstance(scope, Liked):
        statement = statement.join(LikeRow, LikeRow.song_id == SongRow.id)
    return statement.where(*in_scope(scope))


def with_songs(found: Subquery, sort: Sort, reader_id: str | BindParameter[str] | None) -> Select[Any]:
    """Read the found songs. Joined last, so that sorting and counting are done for one page only."""
    statement = select_songs(reader_id).add_columns(found.c.sort_value).join(found, found.c.id == SongRow.id)
    return _in_order(statement, sort, found.c.sort_value, SongRow.id)


def own_songs(owner_id: str, sort: Sort, after: Position | None, number: int) -> tuple[Select[Any], dict[str, Any]]:
    """Return the statement for the owner's songs without a filter (cached: it is frequent), and its parameters."""
    values: dict[str, Any] = {"owner_id": owner_id, "number": number}
    if after is not None:
        values |= {"after_value": after.value, "after_id": after.id}
    return _own_songs(sort, after is not None), values


@cache
def _own_songs(sort: Sort, continued: bool) -> Select[Any]:
    owner_id: Any = bindparam("owner_id", type_=Text())
    value: Any = bindparam("after_value", type_=_TYPES[CURSOR_VALUES[sort]])
    after_id: Any = bindparam("after_id", type_=Uuid())
    after = Position(sort, value, after_id) if continued else None
    found = PageStatements(Mine(owner_id), NO_FILTER, sort, after).first(bindparam("number", type_=Integer()))
    return with_songs(found, sort, owner_id)


def _bound(value: Any) -> ColumnElement[Any]:
    return value if isinstance(value, BindParameter) else literal(value, _TYPES[type(value)])


def _order(sort: Sort, scope: Scope) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    song_id: ColumnElement[Any] = SongRow.id.expression
    if sort is Sort.TITLE:
        return func.left(SongRow.title_folded, literal_column(str(SORTED_TITLE_LENGTH))), song_id
    if sort in (Sort.LONGEST, Sort.SHORTEST):
        return SongRow.duration_seconds.expression, song_id
    if sort is Sort.LIKED:
        return CountRow.like_count.expression, CountRow.song_id.expression
    return scope_time(scope), LikeRow.song_id.expression if isinstance(scope, Liked) else song_id


def _in_order(statement: Select[Any], sort: Sort, *columns: Any) -> Select[Any]:
    return statement.order_by(*(each.desc() if sort in _DESCENDING else each.asc() for each in columns))
