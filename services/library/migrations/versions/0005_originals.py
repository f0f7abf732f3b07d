"""Imported songs keep the file as it was uploaded; songs have a meter."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("songs", sa.Column("original_key", sa.Text()))
    op.add_column("songs", sa.Column("original_size_bytes", sa.BigInteger()))
    op.add_column("songs", sa.Column("meter", sa.Text()))
    op.create_index(
        "ix_songs_original_key", "songs", ["original_key"], postgresql_where=sa.text("original_key IS NOT NULL")
    )


def downgrade() -> None:
    # The uploaded files would have no row; the sweep removes them.
    op.execute(
        "INSERT INTO artifact_garbage (midi_key, listener_id)"
        " SELECT DISTINCT ON (original_key) original_key, owner_id FROM songs WHERE original_key IS NOT NULL"
        " ON CONFLICT (midi_key) DO NOTHING"
    )
    op.drop_index("ix_songs_original_key", "songs")
    for column in ("meter", "original_size_bytes", "original_key"):
        op.drop_column("songs", column)
