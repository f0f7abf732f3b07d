"""Share links, likes, comments, follows, playlists, and records of deletions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_UUID = postgresql.UUID(as_uuid=True)
_TIME = sa.DateTime(timezone=True)
_NOW = sa.text("now()")


def upgrade() -> None:
    _song_tables()
    _comment_tables()
    _playlist_tables()
    op.create_table(
        "follows",
        sa.Column("listener_id", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.PrimaryKeyConstraint("listener_id", "author_id", name="pk_follows"),
    )
    op.create_index("ix_follows_author", "follows", ["author_id"])
    _remains()


def downgrade() -> None:
    for name in (
        "artifact_garbage",
        "deleted_listeners",
        "purged_sources",
        "follows",
        "playlist_songs",
        "playlists",
        "comment_reports",
        "comments",
        "likes",
        "song_counts",
        "shares",
    ):
        op.drop_table(name)


def _of_song() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["song_id"], ["songs.id"], ondelete="CASCADE")


def _song_tables() -> None:
    op.create_table(
        "shares",
        sa.Column("id", _UUID, server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("song_id", _UUID, nullable=False),
        sa.Column("token_sha256", postgresql.BYTEA(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("allow_download", sa.Boolean(), nullable=False),
        sa.Column("expires_at", _TIME),
        sa.Column("revoked_at", _TIME),
        sa.Column("view_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_viewed_at", _TIME),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_shares"),
        sa.UniqueConstraint("token_sha256", name="uq_shares_token"),
        _of_song(),
    )
    op.create_index("ix_shares_song", "shares", ["song_id"])
    # A separate table, so that a like does not update the many indexes of songs.
    op.create_table(
        "song_counts",
        sa.Column("song_id", _UUID, nullable=False),
        sa.Column("like_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("comment_count", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("song_id", name="pk_song_counts"),
        _of_song(),
    )
    op.create_index(
        "ix_song_counts_liked",
        "song_counts",
        [sa.text("like_count DESC"), sa.text("song_id DESC")],
        postgresql_where=sa.text("like_count > 0"),
    )
    op.create_table(
        "likes",
        sa.Column("listener_id", sa.Text(), nullable=False),
        sa.Column("song_id", _UUID, nullable=False),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.PrimaryKeyConstraint("listener_id", "song_id", name="pk_likes"),
        _of_song(),
    )
    op.create_index("ix_likes_song", "likes", ["song_id"])
    op.create_index("ix_likes_newest", "likes", ["listener_id", sa.text("created_at DESC"), sa.text("song_id DESC")])


def _comment_tables() -> None:
    op.create_table(
        "comments",
        sa.Column("id", _UUID, server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("song_id", _UUID, nullable=False),
        sa.Column("author_id", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_comments"),
        _of_song(),
    )
    op.create_index("ix_comments_song_newest", "comments", ["song_id", sa.text("created_at DESC"), sa.text("id DESC")])
    op.create_index("ix_comments_author", "comments", ["author_id"])
    op.create_table(
        "comment_reports",
        sa.Column("comment_id", _UUID, nullable=False),
        sa.Column("reporter_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.PrimaryKeyConstraint("comment_id", "reporter_id", name="pk_comment_reports"),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"], ondelete="CASCADE"),
    )
    op.create_index("ix_comment_reports_reporter", "comment_reports", ["reporter_id"])


def _playlist_tables() -> None:
    op.create_table(
        "playlists",
        sa.Column("id", _UUID, server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.Column("updated_at", _TIME, server_default=_NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_playlists"),
        sa.CheckConstraint("visibility IN ('private', 'unlisted', 'public')", name="ck_playlists_visibility"),
    )
    op.create_index("ix_playlists_owner", "playlists", ["owner_id", sa.text("created_at DESC"), sa.text("id DESC")])
    op.create_table(
        "playlist_songs",
        sa.Column("playlist_id", _UUID, nullable=False),
        sa.Column("song_id", _UUID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("playlist_id", "song_id", name="pk_playlist_songs"),
        sa.ForeignKeyConstraint(["playlist_id"], ["playlists.id"], ondelete="CASCADE"),
        _of_song(),
    )
    op.create_index("ix_playlist_songs_song", "playlist_songs", ["song_id"])


def _remains() -> None:
    # Prevents a late retry of a registration from restoring a purged song.
    op.create_table(
        "purged_sources",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("song_id", _UUID, nullable=False),
        sa.PrimaryKeyConstraint("source_id", name="pk_purged_sources"),
    )
    # Prevents registrations for deleted accounts, e.g. of a generation in progress.
    op.create_table(
        "deleted_listeners",
        sa.Column("listener_id", sa.Text(), nullable=False),
        sa.Column("deleted_at", _TIME, server_default=_NOW, nullable=False),
        sa.PrimaryKeyConstraint("listener_id", name="pk_deleted_listeners"),
    )
    # Objects that may have no song; checked again before they are removed.
    op.create_table(
        "artifact_garbage",
        sa.Column("midi_key", sa.Text(), nullable=False),
        sa.Column("listener_id", sa.Text(), nullable=False),
        sa.Column("since", _TIME, server_default=_NOW, nullable=False),
        sa.Column("collected_at", _TIME),
        sa.PrimaryKeyConstraint("midi_key", name="pk_artifact_garbage"),
    )
    op.create_index(
        "ix_artifact_garbage_open", "artifact_garbage", ["since"], postgresql_where=sa.text("collected_at IS NULL")
    )
