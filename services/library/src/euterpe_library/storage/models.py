"""Tables of the schema `library`: songs."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    DateTime,
    Double,
    Index,
    MetaData,
    Text,
    UniqueConstraint,
    func,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR, UUID
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from euterpe_library.domain.filters import FILTERED_MEASURES

_ALIVE = text("deleted_at IS NULL")
_PUBLIC = text("deleted_at IS NULL AND visibility = 'public'")
_DELETED = text("deleted_at IS NOT NULL")
_IMPORTED = text("original_key IS NOT NULL")
_NEWEST = (text("published_at DESC"), text("id DESC"))
_EMPTY_ARRAY = text("'{}'::text[]")
#: Titles are sorted by this many folded characters, which bounds the length of a cursor.
SORTED_TITLE_LENGTH = 64


def _measure(name: str) -> Computed:
    return Computed(f"((measures ->> '{name}'::text))::double precision", persisted=True)


class Base(DeclarativeBase):
    """Base class of the library's tables."""

    metadata = MetaData(naming_convention={"pk": "pk_%(table_name)s"})


class TitleNumberRow(Base):
    """The last number that a user's songs with a default title have; it is not reused."""

    __tablename__ = "title_numbers"

    owner_id: Mapped[str] = mapped_column(Text, primary_key=True)
    title: Mapped[str] = mapped_column(Text, primary_key=True)
    last_number: Mapped[int]


class SongRow(Base):
    """A song. A deleted song keeps its row until it is purged, so that a late registration does not restore it.

    `title_folded`, `search_text` and `document` are derived from other columns (`storage.columns.search_columns`), and
    written with them.
    """

    __tablename__ = "songs"

    id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True, server_default=text("uuidv7()"))
    source_id: Mapped[str] = mapped_column(Text)
    owner_id: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    title_folded: Mapped[str] = mapped_column(Text)
    midi_key: Mapped[str] = mapped_column(Text)
    midi_sha256: Mapped[str] = mapped_column(Text)
    midi_size_bytes: Mapped[int] = mapped_column(BigInteger)
    original_key: Mapped[str | None] = mapped_column(Text)
    original_size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    model: Mapped[str | None] = mapped_column(Text)
    model_version: Mapped[str | None] = mapped_column(Text)
    seed: Mapped[int | None] = mapped_column(BigInteger)
    parameters: Mapped[dict[str, Any]] = mapped_column(JSONB)
    duration_seconds: Mapped[float]
    note_count: Mapped[int]
    measures: Mapped[dict[str, float]] = mapped_column(JSONB)
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=_EMPTY_ARRAY)
    key: Mapped[str | None] = mapped_column(Text)
    meter: Mapped[str | None] = mapped_column(Text)
    tempo_bpm: Mapped[float | None]
    instruments: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=_EMPTY_ARRAY)
    style: Mapped[str | None] = mapped_column(Text)
    visibility: Mapped[str] = mapped_column(Text, server_default="private")
    comments_open: Mapped[bool] = mapped_column(server_default=true())
    remix_of: Mapped[uuid.UUID | None] = mapped_column(UUID(as_uuid=True))
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # Copies of measures that songs are filtered by, because the planner has statistics of columns only.
    scale_score: Mapped[float | None] = mapped_column(Double, _measure("scale_score"))
    polyphony: Mapped[float | None] = mapped_column(Double, _measure("polyphony"))
    tone_span: Mapped[float | None] = mapped_column(Double, _measure("tone_span"))
    notes_per_second: Mapped[float | None] = mapped_column(Double, _measure("notes_per_second"))
    search_text: Mapped[str] = mapped_column(Text, server_default="")
    document: Mapped[str] = mapped_column(TSVECTOR, server_default="")
    version: Mapped[int] = mapped_column(server_default="1")
    #: The version of its notes; NULL if they were never edited.
    current_version: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        UniqueConstraint("source_id", name="uq_songs_source_id"),
        CheckConstraint("visibility IN ('private', 'unlisted', 'public')", name="ck_songs_visibility"),
        CheckConstraint("visibility <> 'public' OR published_at IS NOT NULL", name="ck_songs_published"),
        # Keyset pagination of the owner's songs.
        Index("ix_songs_owner_newest", "owner_id", text("created_at DESC"), text("id DESC"), postgresql_where=_ALIVE),
        Index(
            "ix_songs_owner_title",
            "owner_id",
            text(f'"left"(title_folded, {SORTED_TITLE_LENGTH})'),
            "id",
            postgresql_where=_ALIVE,
        ),
        Index("ix_songs_owner_duration", "owner_id", "duration_seconds", "id", postgresql_where=_ALIVE),
        # Words, substrings and exact values in any combination. Includes deleted songs, because PostgreSQL does not
        # combine two partial indexes with the same condition.
        Index(
            "ix_songs_search",
            "document",
            "search_text",
            postgresql_using="gin",
            postgresql_ops={"search_text": "gin_trgm_ops"},
            postgresql_with={"fastupdate": "off"},
        ),
        # Orders of the public feeds, and the ranges within them.
        Index("ix_songs_public_newest", *_NEWEST, postgresql_where=_PUBLIC),
        Index("ix_songs_public_author", "owner_id", *_NEWEST, postgresql_where=_PUBLIC),
        Index(
            "ix_songs_public_title",
            text(f'"left"(title_folded, {SORTED_TITLE_LENGTH})'),
            "id",
            postgresql_where=_PUBLIC,
        ),
        Index("ix_songs_public_duration", "duration_seconds", "id", postgresql_where=_PUBLIC),
        *(Index(f"ix_songs_{name}", name) for name in ("tempo_bpm", *FILTERED_MEASURES)),
        Index("ix_songs_trash", "owner_id", text("deleted_at DESC"), text("id DESC"), postgresql_where=_DELETED),
        Index("ix_songs_deleted", "deleted_at", postgresql_where=_DELETED),
        # What a user stores, from the index alone.
        Index("ix_songs_owner_usage", "owner_id", postgresql_include=["midi_size_bytes", "original_size_bytes"]),
        Index("ix_songs_midi_key", "midi_key"),
        Index("ix_songs_original_key", "original_key", postgresql_where=_IMPORTED),
    )
