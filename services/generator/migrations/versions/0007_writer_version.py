"""The version of the MIDI writer that wrote a piece; null for pieces of the first version."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("generations", sa.Column("writer_version", sa.SmallInteger()))


def downgrade() -> None:
    op.drop_column("generations", "writer_version")
