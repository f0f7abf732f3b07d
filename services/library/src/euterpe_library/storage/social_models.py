"""Tables of the schema `library`: sharing, social features, and records of deletions."""

import uuid
from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import Mapped, mapped_column

from euterpe_library.storage.models import Base


def _key() -> Mapped[uuid.UUID]:
    return mapped_column(UUID(as_uuid=True), primary_key=True, server_default=text("uuidv7()"))


def _of(target: str, *, key: bool = False) -> Mapped[uuid.UUID]:
    return mapped_column(UUID(as_uuid=True), ForeignKey(target, ondelete="CASCADE"), primary_key=key)


def _created_at() -> Mapped[datetime]:
    return mapped_column(DateTime(timezone=True), server_default=func.now())


class ShareRow(Base):
    """A share link. Only the digest of its token is stored."""

    __tablename__ = "shares"

    id: Mapped[uuid.UUID] = _key()
    song_id: Mapped[uuid.UUID] = _of("songs.id")
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    label: Mapped[str] = mapped_column(Text)
    allow_download: Mapped[bool]
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    view_count: Mapped[int] = mapped_column(server_default="0")
    last_viewed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = _created_at()

    __table_args__ = (UniqueConstraint("token_sha256", name="uq_shares_token"), Index("ix_shares_song", "song_id"))


class CountRow(Base):
    """Likes and comments of a song; missing for a song that never had any."""

    __tablename__ = "song_counts"

    song_id: Mapped[uuid.UUID] = _of("songs.id", key=True)
    like_count: Mapped[int] = mapped_column(server_default="0")
    comment_count: Mapped[int] = mapped_column(server_default="0")

    __table_args__ = (
        Index(
            "ix_song_counts_liked",
            text("like_count DESC"),
            text("song_id DESC"),
            postgresql_where=text("like_count > 0"),
        ),
    )


class LikeRow(Base):
    """A user's like of a song."""

    __tablename__ = "likes"

    listener_id: Mapped[str] = mapped_column(Text, primary_key=True)
    song_id: Mapped[uuid.UUID] = _of("songs.id", key=True)
    created_at: Mapped[datetime] = _created_at()

    __table_args__ = (
        Index("ix_likes_song", "song_id"),
        Index("ix_likes_newest", "listener_id", text("created_at DESC"), text("song_id DESC")),
    )


class CommentRow(Base):
    """A comment on a song, in plain text."""

    __tablename__ = "comments"

    id: Mapped[uuid.UUID] = _key()
    song_id: Mapped[uuid.UUID] = _of("songs.id")
    author_id: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    #: The comment that this one replies to; a reply has no replies.
    parent_id: Mapped[uuid.UUID | None] = mapped_column(
        UUID(as_uuid=True), ForeignKey("comments.id", ondelete="CASCADE", name="fk_comments_parent")
    )
    #: Where in the piece it is pinned: a bar, counted from 1, or a time.
    bar: Mapped[int | None]
    position_seconds: Mapped[float | None] = mapped_column(Double)
    #: Mentioned users: [{"id": ..., "name": ...}].
    mentions: Mapped[list[dict[str, str]]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    created_at: Mapped[datetime] = _created_at()
    edited_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    #: A deleted comment with replies keeps its row, without text and author.
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    #: Hidden by a moderator, who can still read it.
    hidden_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        Index("ix_comments_song_newest", "song_id", text("created_at DESC"), text("id DESC")),
        Index("ix_comments_author", "author_id"),
        Index("ix_comments_parent", "parent_id", "created_at", "id", postgresql_where=text("parent_id IS NOT NULL")),
    )


class ReportRow(Base):
    """A user's report of a comment."""

    __tablename__ = "comment_reports"

    comment_id: Mapped[uuid.UUID] = _of("comments.id", key=True)
    reporter_id: Mapped[str] = mapped_column(Text, primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = _created_at()

    __table_args__ = (Index("ix_comment_reports_reporter", "reporter_id"),)


class FollowRow(Base):
    """A user's follow of an author."""

    __tablename__ = "follows"

    listener_id: Mapped[str] = mapped_column(Text, primary_key=True)
    author_id: Mapped[str] = mapped_column(Text, primary_key=True)
    created_at: Mapped[datetime] = _created_at()

    __table_args__ = (Index("ix_follows_author", "author_id"),)


class PlaylistRow(Base):
    """A playlist; its songs are PlaylistSongRows."""

    __tablename__ = "playlists"

    id: Mapped[uuid.UUID] = _key()
    owner_id: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    visibility: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = _created_at()
    updated_at: Mapped[datetime] = _created_at()

    __table_args__ = (
        CheckConstraint("visibility IN ('private', 'unlisted', 'public')", name="ck_playlists_visibility"),
        Index("ix_playlists_owner", "owner_id", text("created_at DESC"), text("id DESC")),
    )


class PlaylistSongRow(Base):
    """A song's position in a playlist."""

    __tablename__ = "playlist_songs"

    playlist_id: Mapped[uuid.UUID] = _of("playlists.id", key=True)
    song_id: Mapped[uuid.UUID] = _of("songs.id", key=True)
    position: Mapped[int]

    __table_args__ = (Index("ix_playlist_songs_song", "song_id"),)


class PurgedSourceRow(Base):
    """The source id of a purged song, so that a late retry of its registration does not restore it."""

    __tablename__ = "purged_sources"

    source_id: Mapped[str] = mapped_column(Text, primary_key=True)
    song_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True))


class DeletedUserRow(Base):
    """A deleted account, for which nothing may be registered."""

    # The table and the columns `listener_id` keep the names under which they are stored.
    __tablename__ = "deleted_listeners"

    listener_id: Mapped[str] = mapped_column(Text, primary_key=True)
    deleted_at: Mapped[datetime] = _created_at()


class NetworkImportRow(Base):
    """What one network (/24 of IPv4, /64 of IPv6) imported on one day; deleted after the next day."""

    __tablename__ = "network_imports"

    network: Mapped[str] = mapped_column(Text, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    songs: Mapped[int] = mapped_column(Integer)
    size_bytes: Mapped[int] = mapped_column(BigInteger)


class UserQuotaRow(Base):
    """The quota of a user for whom an operator set one, in place of that of all users."""

    __tablename__ = "user_quotas"

    user_id: Mapped[str] = mapped_column(Text, primary_key=True)
    max_songs: Mapped[int] = mapped_column(Integer)
    max_size_bytes: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[datetime] = _created_at()


class OrphanedArtifactRow(Base):
    """An object that may have no song; whether another song has it is checked before it is removed."""

    __tablename__ = "artifact_garbage"

    midi_key: Mapped[str] = mapped_column(Text, primary_key=True)
    #: The former owner; the deletion of this user is not done before the object is removed.
    listener_id: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime] = _created_at()
    collected_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (Index("ix_artifact_garbage_open", "since", postgresql_where=text("collected_at IS NULL")),)
