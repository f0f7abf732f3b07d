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
    NOTHING,
    Liked,
    Mine,
    Scope,
    SongFilter,
    Sort,
)
from euterpe_library.domain.page import Position
from euterpe_library.storage.columns import select_songs
from euterpe_library.storage.matching import in_scope, matches, scope_time, within_order
from euterpe_library.storage.models import SORTED_TITLE_LENGTH, SongRow
from euterpe_library.storage.social_models import CountRow, LikeRow

#: How many songs a walk along an order tries at first: one in WALK / 21 must pass to fill a page of 20.
WALK = 3000
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
_DESCENDING = frozenset({Sort.NEWEST, Sort.LONGEST, Sort.LIKED})
_TYPES: Mapping[type, TypeEngine[Any]] = {
    datetime: DateTime(timezone=True),
    str: Text(),
    float: Double(),
    int: Integer(),
    uuid.UUID: Uuid(),
}


class Finder:
    """Finds songs of a scope that pass a filter, in an order, behind a position; as subqueries of id and sort_value."""

    def __init__(self, scope: Scope, wanted: SongFilter, sort: Sort, after: Position | None) -> None:
        self._scope = scope
        self._wanted = wanted
        self._sort = sort
        self._after = after

    def first(self, number: Any) -> Subquery:
        """The first songs in the order, whether they pass or not."""
        return self._along().limit(number).subquery("found")

    def walked(self, number: int, length: int) -> Subquery:
        """Those of the first `length` songs in the order that pass."""
        tested = (getattr(SongRow, name) for name in _TESTED)
        walk = self._along().add_columns(*tested).limit(length).subquery("walk")
        song = aliased(SongRow, walk, adapt_on_names=True)
        passing = select(walk.c.id, walk.c.sort_value).where(*matches(self._wanted, self._scope, song))
        return _in_order(passing, self._sort, walk.c.sort_value, walk.c.id).limit(number).subquery("found")

    def sought(self, number: int) -> Subquery:
        """All that pass, found without regard to the order and then put in it."""
        passing = self._behind().where(*matches(self._wanted, self._scope))
        # An offset, even of nothing, is planned by itself.
        sought = passing.offset(literal_column("0")).subquery("sought")
        ordered = _in_order(select(sought.c.id, sought.c.sort_value), self._sort, sought.c.sort_value, sought.c.id)
        return ordered.limit(number).subquery("found")

    def _along(self) -> Select[Any]:
        reached = self._behind().where(*within_order(self._wanted, self._sort, self._scope))
        return _in_order(reached, self._sort, *_order(self._sort, self._scope))

    def _behind(self) -> Select[Any]:
        value, song_id = _order(self._sort, self._scope)
        statement = scoped(select(song_id.label("id"), value.label("sort_value")).select_from(SongRow), self._scope)
        if self._sort is Sort.LIKED:
            statement = statement.join(CountRow, CountRow.song_id == SongRow.id).where(CountRow.like_count > 0)
        if self._after is None:
            return statement
        here, there = tuple_(value, song_id), tuple_(_bound(self._after.value), _bound(self._after.id))
        return statement.where(here < there if self._sort in _DESCENDING else here > there)


def scoped(statement: Select[Any], scope: Scope) -> Select[Any]:
    """The statement about songs, narrowed down to a scope."""
    if isinstance(scope, Liked):
        statement = statement.join(LikeRow, LikeRow.song_id == SongRow.id)
    return statement.where(*in_scope(scope))


def with_songs(found: Subquery, sort: Sort, reader_id: str | BindParameter[str] | None) -> Select[Any]:
    """The songs that were found, read afterwards: so neither sorting nor counting is done for more than a page."""
    statement = select_songs(reader_id).add_columns(found.c.sort_value).join(found, found.c.id == SongRow.id)
    return _in_order(statement, sort, found.c.sort_value, SongRow.id)


def own_songs(owner_id: str, sort: Sort, after: Position | None, number: int) -> tuple[Select[Any], dict[str, Any]]:
    """One's own songs without a filter, with parameters: the most frequent statement, whose making takes its time."""
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
    found = Finder(Mine(owner_id), NOTHING, sort, after).first(bindparam("number", type_=Integer()))
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
