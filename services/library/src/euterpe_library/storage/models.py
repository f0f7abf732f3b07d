"""The tables of the schema `library`."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Index, MetaData, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

_ALIVE = text("deleted_at IS NULL")


class Base(DeclarativeBase):
    """Base of the library's tables."""

    metadata = MetaData(naming_convention={"pk": "pk_%(table_name)s"})


class SongRow(Base):
    """A song. Deleted ones keep their row, so that a late retry of its registration does not bring it back.

    `title_folded` is `domain.titles.fold(title)`; whatever writes one writes both.
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
    model: Mapped[str] = mapped_column(Text)
    model_version: Mapped[str] = mapped_column(Text)
    seed: Mapped[int] = mapped_column(BigInteger)
    parameters: Mapped[dict[str, Any]] = mapped_column(JSONB)
    duration_seconds: Mapped[float]
    note_count: Mapped[int]
    measures: Mapped[dict[str, float]] = mapped_column(JSONB)
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        UniqueConstraint("source_id", name="uq_songs_source_id"),
        # The keyset of the listing: owner, then the order itself.
        Index("ix_songs_owner_newest", "owner_id", text("created_at DESC"), text("id DESC"), postgresql_where=_ALIVE),
        Index(
            "ix_songs_title_trigrams",
            "title_folded",
            postgresql_using="gin",
            postgresql_ops={"title_folded": "gin_trgm_ops"},
            postgresql_where=_ALIVE,
        ),
    )
