"""Moderators, banned users, and the log of what moderators decided."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_NOW = sa.text("now()")


def upgrade() -> None:
    op.create_table(
        "moderators",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
        sa.PrimaryKeyConstraint("user_id", name="pk_moderators"),
    )
    op.create_table(
        "bans",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
        sa.PrimaryKeyConstraint("user_id", name="pk_bans"),
    )
    op.create_table(
        "moderation_log",
        sa.Column("id", UUID(as_uuid=True), nullable=False, server_default=sa.text("uuidv7()")),
        sa.Column("moderator_id", sa.Text(), nullable=False),
        sa.Column("moderator", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("user_name", sa.Text(), nullable=False, server_default=""),
        sa.Column("song_id", UUID(as_uuid=True), nullable=True),
        sa.Column("comment_id", UUID(as_uuid=True), nullable=True),
        sa.Column("text", sa.Text(), nullable=False, server_default=""),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
        sa.PrimaryKeyConstraint("id", name="pk_moderation_log"),
    )
    newest = [sa.text("created_at DESC"), sa.text("id DESC")]
    op.create_index("ix_moderation_log_newest", "moderation_log", newest)
    op.create_index("ix_moderation_log_user", "moderation_log", ["user_id"])


def downgrade() -> None:
    for table in ("moderation_log", "bans", "moderators"):
        op.drop_table(table)
