"""The number of a song's current version; NULL for a song whose notes were never edited."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("songs", sa.Column("current_version", sa.Integer()))


def downgrade() -> None:
    op.drop_column("songs", "current_version")
