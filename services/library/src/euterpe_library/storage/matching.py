"""Conversion of a filter to conditions that the indexes of `songs` can answer."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, cast, func, literal_column, or_, select
from sqlalchemy.dialects.postgresql import TSQUERY

from euterpe_library.domain import terms
from euterpe_library.domain.details import Visibility
from euterpe_library.domain.filters import Feed, Liked, Mine, Range, Scope, SongFilter, Sort, Trash
from euterpe_library.domain.song import RESTORABLE
from euterpe_library.domain.terms import has_trigram
from euterpe_library.storage.columns import value_lexemes
from euterpe_library.storage.models import SongRow
from euterpe_library.storage.social_models import FollowRow, LikeRow

Condition = ColumnElement[bool]


def readable_by(reader_id: str | None) -> Condition:
    """Whether a reader may read a song by its id; None is an anonymous reader."""
    open_to_all = SongRow.visibility != _literal(Visibility.PRIVATE)
    return open_to_all if reader_id is None else or_(SongRow.owner_id == reader_id, open_to_all)


def in_scope(scope: Scope) -> Iterator[Condition]:
    """Yield the conditions for a song to be part of a listing, before any filter."""
    alive = SongRow.deleted_at.is_(None)
    match scope:
        case Mine(owner_id):
            yield from (SongRow.owner_id == owner_id, alive)
        case Trash(owner_id):
            yield from (SongRow.owner_id == owner_id, SongRow.deleted_at > func.now() - RESTORABLE)
        case Liked(user_id):
            yield from (LikeRow.listener_id == user_id, alive, readable_by(user_id))
        case Feed(author_id, followed_by):
            # A literal, so that the planner can use the partial indexes of public songs.
            yield from (alive, SongRow.visibility == _literal(Visibility.PUBLIC))
            if author_id is not None:
                yield SongRow.owner_id == author_id
            if followed_by is not None:
                followed = select(FollowRow.author_id).where(FollowRow.listener_id == followed_by)
                yield SongRow.owner_id == func.any(func.array(followed.scalar_subquery()))


def scope_time(scope: Scope, song: type[SongRow] = SongRow) -> ColumnElement[Any]:
    """Return the time that a listing is sorted by."""
    match scope:
        case Mine():
            return song.created_at.expression
        case Feed():
            return song.published_at.expression
        case Liked():
            return LikeRow.created_at.expression
        case Trash():
            return song.deleted_at.expression


def matches(song_filter: SongFilter, scope: Scope, song: type[SongRow] = SongRow) -> Iterator[Condition]:
    """Yield the conditions of a filter; `song` may be an alias of the table."""
    if query := _tsquery(song_filter, scope):
        yield song.document.op("@@", is_comparison=True)(cast(query, TSQUERY))
    for part in song_filter.text.contained:
        if has_trigram(part):
            yield song.search_text.contains(part, autoescape=True)
        else:
            # LIKE would scan the whole trigram index.
            yield func.strpos(song.search_text, part) > 0
    for part in song_filter.text.excluded:
        yield ~song.search_text.contains(part, autoescape=True)
    yield from _within(song.tempo_bpm, song_filter.tempo)
    yield from _within(song.duration_seconds, song_filter.duration)
    for name, bounds in song_filter.measures.items():
        yield from _within(getattr(song, name), bounds)
    if song_filter.visibility is not None:
        yield song.visibility == song_filter.visibility
    yield from _within(scope_time(scope, song), song_filter.time)


def sort_bounds(song_filter: SongFilter, sort: Sort, scope: Scope) -> Iterator[Condition]:
    """Yield the filter's bounds of the value that the order sorts by."""
    if sort in (Sort.NEWEST, Sort.OLDEST):
        yield from _within(scope_time(scope), song_filter.time)
    if sort in (Sort.LONGEST, Sort.SHORTEST):
        yield from _within(SongRow.duration_seconds, song_filter.duration)


def _literal(visibility: Visibility) -> ColumnElement[str]:
    return literal_column(f"'{visibility.value}'")


def _within(value: Any, bounds: Range[Any]) -> Iterator[Condition]:
    if bounds.low is not None:
        yield value >= bounds.low
    if bounds.high is not None:
        yield value <= bounds.high


def _tsquery(song_filter: SongFilter, scope: Scope) -> str:
    lexemes = [
        # In addition to the condition on the owner, so that one index finds their songs, however many there are.
        *([terms.lexeme(terms.OWNER, scope.owner_id)] if isinstance(scope, Mine) else []),
        *song_filter.text.lexemes,
        *(terms.lexeme(terms.TAG, tag) for tag in song_filter.tags),
        *(terms.lexeme(terms.INSTRUMENT, name) for name in song_filter.instruments),
        *value_lexemes(
            song_filter.model,
            song_filter.model_version,
            song_filter.seed,
            song_filter.key,
            song_filter.style,
            song_filter.remix_of,
        ),
    ]
    if song_filter.model_version is not None:
        # Its lexeme includes the model. With both, the planner would multiply their selectivities.
        lexemes.remove(terms.lexeme(terms.MODEL, song_filter.model or ""))
    exact = [_quoted(item) for item in dict.fromkeys(lexemes)]
    return " & ".join([*exact, *(f"{_quoted(item)}:*" for item in song_filter.text.prefixes)])


def _quoted(item: str) -> str:
    """Quote a lexeme for a tsquery, where quotes and backslashes are doubled."""
    doubled = item.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"
