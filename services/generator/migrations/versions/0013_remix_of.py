"""The song whose settings a generation takes; null for most pieces, and for earlier ones."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0013"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("generations", sa.Column("remix_of", UUID(as_uuid=True)))


def downgrade() -> None:
    op.drop_column("generations", "remix_of")
