"""From a filter to conditions that the indexes of `songs` can answer."""

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
    """Whether somebody may read a song by its id, None being an anonymous reader."""
    open_to_all = SongRow.visibility != _literal(Visibility.PRIVATE)
    return open_to_all if reader_id is None else or_(SongRow.owner_id == reader_id, open_to_all)


def in_scope(scope: Scope) -> Iterator[Condition]:
    """What makes a song part of a listing, before any filter."""
    alive = SongRow.deleted_at.is_(None)
    match scope:
        case Mine(owner_id):
            yield from (SongRow.owner_id == owner_id, alive)
        case Trash(owner_id):
            yield from (SongRow.owner_id == owner_id, SongRow.deleted_at > func.now() - RESTORABLE)
        case Liked(listener_id):
            yield from (LikeRow.listener_id == listener_id, alive, readable_by(listener_id))
        case Feed(author_id, followed_by):
            # Literal, so that the planner knows it for the condition of the public indexes.
            yield from (alive, SongRow.visibility == _literal(Visibility.PUBLIC))
            if author_id is not None:
                yield SongRow.owner_id == author_id
            if followed_by is not None:
                followed = select(FollowRow.author_id).where(FollowRow.listener_id == followed_by)
                yield SongRow.owner_id == func.any(func.array(followed.scalar_subquery()))


def scope_time(scope: Scope, song: type[SongRow] = SongRow) -> ColumnElement[Any]:
    """By which time a listing is ordered."""
    match scope:
        case Mine():
            return song.created_at.expression
        case Feed():
            return song.published_at.expression
        case Liked():
            return LikeRow.created_at.expression
        case Trash():
            return song.deleted_at.expression


def matches(wanted: SongFilter, scope: Scope, song: type[SongRow] = SongRow) -> Iterator[Condition]:
    """What a song must have; `song` may be an alias of the table."""
    if query := _tsquery(wanted, scope):
        yield song.document.op("@@", is_comparison=True)(cast(query, TSQUERY))
    for part in wanted.text.contained:
        if has_trigram(part):
            yield song.search_text.contains(part, autoescape=True)
        else:
            # LIKE would read the whole index for it.
            yield func.strpos(song.search_text, part) > 0
    for part in wanted.text.excluded:
        yield ~song.search_text.contains(part, autoescape=True)
    yield from _within(song.tempo_bpm, wanted.tempo)
    yield from _within(song.duration_seconds, wanted.duration)
    for name, bounds in wanted.measures.items():
        yield from _within(getattr(song, name), bounds)
    if wanted.visibility is not None:
        yield song.visibility == wanted.visibility
    yield from _within(scope_time(scope, song), wanted.time)


def within_order(wanted: SongFilter, sort: Sort, scope: Scope) -> Iterator[Condition]:
    """Where along an order the songs lie that pass: bounds of what it goes by."""
    if sort in (Sort.NEWEST, Sort.OLDEST):
        yield from _within(scope_time(scope), wanted.time)
    if sort in (Sort.LONGEST, Sort.SHORTEST):
        yield from _within(SongRow.duration_seconds, wanted.duration)


def _literal(visibility: Visibility) -> ColumnElement[str]:
    return literal_column(f"'{visibility.value}'")


def _within(value: Any, bounds: Range[Any]) -> Iterator[Condition]:
    if bounds.low is not None:
        yield value >= bounds.low
    if bounds.high is not None:
        yield value <= bounds.high


def _tsquery(wanted: SongFilter, scope: Scope) -> str:
    lexemes = [
        # Beside the condition on the owner: so their songs are found within one index, however many they are.
        *([terms.lexeme(terms.OWNER, scope.owner_id)] if isinstance(scope, Mine) else []),
        *wanted.text.lexemes,
        *(terms.lexeme(terms.TAG, tag) for tag in wanted.tags),
        *(terms.lexeme(terms.INSTRUMENT, name) for name in wanted.instruments),
        *value_lexemes(wanted.model, wanted.model_version, wanted.seed, wanted.key, wanted.style, wanted.remix_of),
    ]
    if wanted.model_version is not None:
        # Its lexeme names the model, too; asked for both, the planner would expect a fraction of a fraction.
        lexemes.remove(terms.lexeme(terms.MODEL, wanted.model or ""))
    exact = [_quoted(item) for item in dict.fromkeys(lexemes)]
    return " & ".join([*exact, *(f"{_quoted(item)}:*" for item in wanted.text.prefixes)])


def _quoted(item: str) -> str:
    """A lexeme inside the text of a tsquery, where quotes and backslashes are doubled."""
    doubled = item.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"
