"""Imports per network and day, and an index that answers how much a user stores."""

import sqlalchemy as sa
from alembic import op
from euterpe_service_kit.migrations import create_index_concurrently

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "network_imports",
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("songs", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("network", "day", name="pk_network_imports"),
        if_not_exists=True,
    )
    with op.get_context().autocommit_block():
        create_index_concurrently(
            "ix_songs_owner_usage",
            "songs",
            ["owner_id"],
            postgresql_include=["midi_size_bytes", "original_size_bytes"],
        )


def downgrade() -> None:
    op.drop_index("ix_songs_owner_usage", "songs")
    op.drop_table("network_imports")
