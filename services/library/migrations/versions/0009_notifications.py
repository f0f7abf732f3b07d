"""Profiles, notifications with their settings, and blocked users."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_NOW = sa.text("now()")

# The accounts that are known from their songs and comments, so that they can be mentioned.
_KNOWN_NAMES = """
    INSERT INTO profiles (user_id, name)
    SELECT DISTINCT ON (user_id) user_id, name
    FROM (SELECT owner_id AS user_id, author AS name, created_at FROM songs WHERE visibility = 'public'
          UNION ALL SELECT author_id, author, created_at FROM comments) AS known
    WHERE name ~ '^[A-Za-z0-9._-]{3,32}$' AND lower(name) <> 'guest'
    ORDER BY user_id, created_at DESC
    ON CONFLICT DO NOTHING
"""


def _time(name: str, *, nullable: bool = False, default: sa.TextClause | None = None) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=default)


def upgrade() -> None:
    op.create_table(
        "profiles",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=True),
        sa.Column("bio", sa.Text(), nullable=False, server_default=""),
        sa.Column("picture_key", sa.Text(), nullable=True),
        _time("updated_at", default=_NOW),
        sa.PrimaryKeyConstraint("user_id", name="pk_profiles"),
    )
    op.create_index("ix_profiles_name", "profiles", [sa.text("lower(name)")])
    op.create_table(
        "blocks",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("blocked_id", sa.Text(), nullable=False),
        _time("created_at", default=_NOW),
        sa.PrimaryKeyConstraint("user_id", "blocked_id", name="pk_blocks"),
    )
    op.create_index("ix_blocks_blocked", "blocks", ["blocked_id"])
    op.create_table(
        "notifications",
        sa.Column("id", UUID(as_uuid=True), nullable=False, server_default=sa.text("uuidv7()")),
        sa.Column("recipient_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False, server_default=""),
        sa.Column("song_id", UUID(as_uuid=True), nullable=True),
        sa.Column("comment_id", UUID(as_uuid=True), nullable=True),
        sa.Column("text", sa.Text(), nullable=False, server_default=""),
        sa.Column("in_page", sa.Boolean(), nullable=False),
        sa.Column("by_email", sa.Boolean(), nullable=False),
        _time("created_at", default=_NOW),
        _time("read_at", nullable=True),
        _time("emailed_at", nullable=True),
        _time("dispatched_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_notifications"),
        sa.UniqueConstraint("recipient_id", "subject", name="uq_notifications_subject"),
        sa.ForeignKeyConstraint(["song_id"], ["songs.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"], ondelete="CASCADE"),
    )
    newest = ["recipient_id", sa.text("created_at DESC"), sa.text("id DESC")]
    op.create_index("ix_notifications_newest", "notifications", newest, postgresql_where=sa.text("in_page"))
    unread = sa.text("in_page AND read_at IS NULL")
    op.create_index("ix_notifications_unread", "notifications", ["recipient_id"], postgresql_where=unread)
    op.create_index("ix_notifications_song", "notifications", ["song_id"])
    op.create_index("ix_notifications_comment", "notifications", ["comment_id"])
    op.create_index("ix_notifications_actor", "notifications", ["actor_id"])
    op.create_index("ix_notifications_created", "notifications", ["created_at"])
    undispatched = sa.text("dispatched_at IS NULL")
    op.create_index("ix_notifications_undispatched", "notifications", ["id"], postgresql_where=undispatched)
    op.create_table(
        "notification_settings",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("in_page", sa.Boolean(), nullable=False),
        sa.Column("by_email", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "kind", name="pk_notification_settings"),
    )
    op.create_table(
        "digest_settings",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("frequency", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        _time("next_at"),
        sa.PrimaryKeyConstraint("user_id", name="pk_digest_settings"),
        sa.CheckConstraint("frequency IN ('daily', 'weekly')", name="ck_digest_settings_frequency"),
    )
    op.create_index("ix_digest_settings_next", "digest_settings", ["next_at"])
    op.execute(_KNOWN_NAMES)


def downgrade() -> None:
    for table in ("digest_settings", "notification_settings", "notifications", "blocks", "profiles"):
        op.drop_table(table)
