"""The version of the MIDI writer that wrote a piece, and a piece's estimated length; null for earlier pieces."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("generations", sa.Column("writer_version", sa.SmallInteger()))
    op.add_column("generations", sa.Column("estimate", JSONB()))


def downgrade() -> None:
    op.drop_column("generations", "estimate")
    op.drop_column("generations", "writer_version")
