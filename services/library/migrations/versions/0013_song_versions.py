"""Versions of songs' notes: every edited version, and the ones before it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "song_versions",
        sa.Column("song_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("base_number", sa.Integer()),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False, server_default=""),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("midi_key", sa.Text(), nullable=False),
        sa.Column("midi_sha256", sa.Text(), nullable=False),
        sa.Column("midi_size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("duration_seconds", sa.Double(), nullable=False),
        sa.Column("note_count", sa.Integer(), nullable=False),
        sa.Column("measures", postgresql.JSONB(), nullable=False),
        sa.Column("key", sa.Text()),
        sa.Column("meter", sa.Text()),
        sa.Column("tempo_bpm", sa.Double()),
        sa.Column("instruments", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.PrimaryKeyConstraint("song_id", "number", name="pk_song_versions"),
        sa.ForeignKeyConstraint(["song_id"], ["songs.id"], ondelete="CASCADE"),
        sa.CheckConstraint("origin IN ('original', 'edited', 'restored')", name="ck_song_versions_origin"),
    )
    op.create_index("ix_song_versions_midi_key", "song_versions", ["midi_key"])
    # What the earlier versions of a user's songs take, from the index alone.
    op.create_index(
        "ix_song_versions_owner_usage",
        "song_versions",
        ["owner_id"],
        postgresql_include=["midi_size_bytes"],
        postgresql_where=sa.text("NOT is_current"),
    )
    op.create_index(
        "ix_song_versions_current",
        "song_versions",
        ["song_id"],
        unique=True,
        postgresql_where=sa.text("is_current"),
    )


def downgrade() -> None:
    # The files of earlier versions would have no row; the sweep removes them.
    op.execute(
        "INSERT INTO artifact_garbage (midi_key, listener_id)"
        " SELECT DISTINCT ON (midi_key) midi_key, owner_id FROM song_versions"
        " ON CONFLICT (midi_key) DO NOTHING"
    )
    op.drop_table("song_versions")
