"""Tables of the schema `library`: versions of songs."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Index, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID
from sqlalchemy.orm import Mapped, mapped_column

from euterpe_library.storage.models import Base


class VersionRow(Base):
    """A version of a song's notes. A song that was never edited has none; its own row is version 1."""

    __tablename__ = "song_versions"

    song_id: Mapped[uuid.UUID] = mapped_column(
        UUID(as_uuid=True), ForeignKey("songs.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: The song's owner, so that usage is counted without the songs.
    owner_id: Mapped[str] = mapped_column(Text)
    base_number: Mapped[int | None]
    origin: Mapped[str] = mapped_column(Text)
    label: Mapped[str] = mapped_column(Text, server_default="")
    is_current: Mapped[bool]
    midi_key: Mapped[str] = mapped_column(Text)
    midi_sha256: Mapped[str] = mapped_column(Text)
    midi_size_bytes: Mapped[int] = mapped_column(BigInteger)
    duration_seconds: Mapped[float]
    note_count: Mapped[int]
    measures: Mapped[dict[str, float]] = mapped_column(JSONB)
    key: Mapped[str | None] = mapped_column(Text)
    meter: Mapped[str | None] = mapped_column(Text)
    tempo_bpm: Mapped[float | None]
    instruments: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (
        CheckConstraint("origin IN ('original', 'edited', 'restored')", name="ck_song_versions_origin"),
        Index("ix_song_versions_midi_key", "midi_key"),
        Index(
            "ix_song_versions_owner_usage",
            "owner_id",
            postgresql_include=["midi_size_bytes"],
            postgresql_where=text("NOT is_current"),
        ),
        Index("ix_song_versions_current", "song_id", unique=True, postgresql_where=text("is_current")),
    )
