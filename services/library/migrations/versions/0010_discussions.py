"""Replies, edited and pinned comments, mentions, and comments that are deleted or hidden but keep their thread."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ADDED = ("parent_id", "bar", "position_seconds", "mentions", "edited_at", "deleted_at", "hidden_at")


def upgrade() -> None:
    op.add_column("comments", sa.Column("parent_id", UUID(as_uuid=True), nullable=True))
    op.add_column("comments", sa.Column("bar", sa.Integer(), nullable=True))
    op.add_column("comments", sa.Column("position_seconds", sa.Double(), nullable=True))
    mentions = sa.Column("mentions", JSONB(), nullable=False, server_default=sa.text("'[]'::jsonb"))
    op.add_column("comments", mentions)
    for name in ("edited_at", "deleted_at", "hidden_at"):
        op.add_column("comments", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key("fk_comments_parent", "comments", "comments", ["parent_id"], ["id"], ondelete="CASCADE")
    is_reply = sa.text("parent_id IS NOT NULL")
    op.create_index("ix_comments_parent", "comments", ["parent_id", "created_at", "id"], postgresql_where=is_reply)


def downgrade() -> None:
    # Earlier releases know neither replies nor comments without a text.
    op.execute("DELETE FROM comments WHERE deleted_at IS NOT NULL OR hidden_at IS NOT NULL")
    op.drop_index("ix_comments_parent", "comments")
    op.drop_constraint("fk_comments_parent", "comments", type_="foreignkey")
    for name in _ADDED:
        op.drop_column("comments", name)
    op.execute("""
        UPDATE song_counts SET comment_count =
            (SELECT count(*) FROM comments WHERE comments.song_id = song_counts.song_id)
        WHERE comment_count > 0
    """)
