"""Mapping of a song's row to the domain, and the columns derived from other columns."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import ARRAY, BindParameter, Row, Select, Text, and_, cast, false, func, select, type_coerce
from sqlalchemy.types import NullType

from euterpe_library.domain import terms
from euterpe_library.domain.details import Visibility, folded_lines
from euterpe_library.domain.song import Song
from euterpe_library.domain.titles import fold
from euterpe_library.storage.community_models import ProfileRow
from euterpe_library.storage.models import SongRow
from euterpe_library.storage.social_models import CountRow, LikeRow

_COMPUTED = frozenset({"author", "like_count", "comment_count", "liked", "current_version"})
#: asyncpg returns lists; SQLAlchemy would copy each of them.
_LISTS = frozenset({"tags", "instruments"})
_COLUMNS = [
    type_coerce(getattr(SongRow, name), NullType()).label(name) if name in _LISTS else getattr(SongRow, name)
    for name in Song.__dataclass_fields__
    if name not in _COMPUTED
]
#: The name that the author shows.
_AUTHOR = func.coalesce(ProfileRow.display_name, SongRow.author).label("author")
_COUNTS = [
    func.coalesce(CountRow.like_count, 0).label("like_count"),
    func.coalesce(CountRow.comment_count, 0).label("comment_count"),
    func.coalesce(SongRow.current_version, 1).label("current_version"),
]


def select_songs(reader_id: str | BindParameter[str] | None) -> Select[Any]:
    """Select songs as a reader sees them; `song_of` maps the rows."""
    liked = false() if reader_id is None else LikeRow.song_id.is_not(None)
    statement = select(*_COLUMNS, _AUTHOR, *_COUNTS, liked.label("liked"))
    statement = statement.outerjoin(CountRow, CountRow.song_id == SongRow.id)
    statement = statement.outerjoin(ProfileRow, ProfileRow.user_id == SongRow.owner_id)
    if reader_id is not None:
        own_like = and_(LikeRow.song_id == SongRow.id, LikeRow.listener_id == reader_id)
        statement = statement.outerjoin(LikeRow, own_like)
    return statement


def song_of(row: Row[Any]) -> Song:
    """Map a row of `select_songs`; added columns are ignored."""
    values = row._mapping
    return Song(**{name: values[name] for name in _PLAIN}, visibility=Visibility(values["visibility"]))


_PLAIN = tuple(name for name in Song.__dataclass_fields__ if name != "visibility")


class Searchable(Protocol):
    """The fields that a song is found by."""

    owner_id: Any
    title: Any
    tags: Any
    model: Any
    model_version: Any
    seed: Any
    instruments: Any
    key: Any
    style: Any
    remix_of: Any


def search_columns(song: Searchable) -> Mapping[str, Any]:
    """Return the search columns, to be written whenever one of the fields is."""
    title, search_text, lexemes = search_terms(song)
    document = func.array_to_tsvector(cast(lexemes, ARRAY(Text)))
    return {"title_folded": title, "search_text": search_text, "document": document}


def search_terms(song: Searchable) -> tuple[str, str, list[str]]:
    """Return the folded title, the text for substring searches, and the lexemes of the document."""
    title = fold(song.title)
    lexemes = [
        terms.lexeme(terms.OWNER, song.owner_id),
        *terms.word_lexemes([song.title, *song.tags]),
        *(terms.lexeme(terms.TAG, tag) for tag in song.tags),
        *(terms.lexeme(terms.INSTRUMENT, name) for name in song.instruments),
        *value_lexemes(song.model, song.model_version, song.seed, song.key, song.style, song.remix_of),
    ]
    return title, "\n".join(filter(None, [title, folded_lines(song.tags)])), lexemes


def value_lexemes(
    model: str | None,
    model_version: str | None,
    seed: int | None,
    key: str | None,
    style: str | None,
    remix_of: uuid.UUID | None,
) -> Sequence[str]:
    """Return the lexemes of a song's single values, which filters also use."""
    kinds = {
        terms.MODEL: model,
        terms.VERSION: model_version and f"{model or ''}@{model_version}",
        terms.SEED: seed,
        terms.KEY: key,
        terms.STYLE: style,
        terms.REMIX: remix_of,
    }
    return [terms.lexeme(kind, str(value)) for kind, value in kinds.items() if value is not None]
