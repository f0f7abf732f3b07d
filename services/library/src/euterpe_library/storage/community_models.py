"""Tables of the schema `library`: profiles, notifications and blocked users."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Text, UniqueConstraint, func
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import Mapped, mapped_column

from euterpe_library.storage.models import Base


def _now() -> Mapped[datetime]:
    return mapped_column(DateTime(timezone=True), server_default=func.now())


def _time() -> Mapped[datetime | None]:
    return mapped_column(DateTime(timezone=True))


def _optional(target: str) -> Mapped[uuid.UUID | None]:
    return mapped_column(UUID(as_uuid=True), ForeignKey(target, ondelete="CASCADE"))


class ProfileRow(Base):
    """What a registered user shows of themselves. `name` is the account's name, as in the latest token."""

    __tablename__ = "profiles"

    user_id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    display_name: Mapped[str | None] = mapped_column(Text)
    bio: Mapped[str] = mapped_column(Text, server_default="")
    picture_key: Mapped[str | None] = mapped_column(Text)
    updated_at: Mapped[datetime] = _now()

    __table_args__ = (Index("ix_profiles_name", sql("lower(name)")),)


class BlockRow(Base):
    """A user whom another user has blocked."""

    __tablename__ = "blocks"

    user_id: Mapped[str] = mapped_column(Text, primary_key=True)
    blocked_id: Mapped[str] = mapped_column(Text, primary_key=True)
    created_at: Mapped[datetime] = _now()

    __table_args__ = (Index("ix_blocks_blocked", "blocked_id"),)


class NotificationRow(Base):
    """An event that a user is notified of, written in the transaction of its cause: the outbox of all channels.

    The page lists the rows themselves. `emailed_at` and `dispatched_at` record what mail and webhooks have taken over.
    """

    __tablename__ = "notifications"

    id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True, server_default=sql("uuidv7()"))
    recipient_id: Mapped[str] = mapped_column(Text)
    #: Identifies the event among those of the recipient, so that a repeated cause notifies once.
    subject: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[str | None] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text, server_default="")
    song_id: Mapped[uuid.UUID | None] = _optional("songs.id")
    comment_id: Mapped[uuid.UUID | None] = _optional("comments.id")
    text: Mapped[str] = mapped_column(Text, server_default="")
    in_page: Mapped[bool]
    by_email: Mapped[bool]
    created_at: Mapped[datetime] = _now()
    read_at: Mapped[datetime | None] = _time()
    emailed_at: Mapped[datetime | None] = _time()
    dispatched_at: Mapped[datetime | None] = _time()

    __table_args__ = (
        UniqueConstraint("recipient_id", "subject", name="uq_notifications_subject"),
        Index(
            "ix_notifications_newest",
            "recipient_id",
            sql("created_at DESC"),
            sql("id DESC"),
            postgresql_where=sql("in_page"),
        ),
        Index("ix_notifications_unread", "recipient_id", postgresql_where=sql("in_page AND read_at IS NULL")),
        Index("ix_notifications_song", "song_id"),
        Index("ix_notifications_comment", "comment_id"),
        Index("ix_notifications_actor", "actor_id"),
        Index("ix_notifications_created", "created_at"),
        Index("ix_notifications_undispatched", "id", postgresql_where=sql("dispatched_at IS NULL")),
    )


class NotificationSettingRow(Base):
    """Where a user is notified of a kind of event; without a row, everywhere."""

    __tablename__ = "notification_settings"

    user_id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    in_page: Mapped[bool]
    by_email: Mapped[bool]


class DigestSettingRow(Base):
    """A user who wants a digest by e-mail, and when the next one is due."""

    __tablename__ = "digest_settings"

    user_id: Mapped[str] = mapped_column(Text, primary_key=True)
    frequency: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    next_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("frequency IN ('daily', 'weekly')", name="ck_digest_settings_frequency"),
        Index("ix_digest_settings_next", "next_at"),
    )


class ModeratorRow(Base):
    """A user who decides reports."""

    __tablename__ = "moderators"

    user_id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = _now()


class BanRow(Base):
    """A user who may not publish, comment, like, follow or report, until a time or for good."""

    __tablename__ = "bans"

    user_id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    until: Mapped[datetime | None] = _time()
    created_at: Mapped[datetime] = _now()


class ModerationLogRow(Base):
    """What a moderator or an operator decided; kept when the comment is gone."""

    __tablename__ = "moderation_log"

    id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True, server_default=sql("uuidv7()"))
    moderator_id: Mapped[str] = mapped_column(Text)
    moderator: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    user_id: Mapped[str | None] = mapped_column(Text)
    user_name: Mapped[str] = mapped_column(Text, server_default="")
    song_id: Mapped[uuid.UUID | None] = mapped_column(UUID(as_uuid=True))
    comment_id: Mapped[uuid.UUID | None] = mapped_column(UUID(as_uuid=True))
    text: Mapped[str] = mapped_column(Text, server_default="")
    reason: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime] = _now()

    __table_args__ = (
        Index("ix_moderation_log_newest", sql("created_at DESC"), sql("id DESC")),
        Index("ix_moderation_log_user", "user_id"),
    )
