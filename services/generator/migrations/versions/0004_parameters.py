"""What a listener set of a model, and what the piece begins with or goes along with."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("generations", sa.Column("parameters", postgresql.JSONB(), server_default="{}", nullable=False))
    op.add_column("generations", sa.Column("prompt", postgresql.JSONB()))


def downgrade() -> None:
    op.drop_column("generations", "prompt")
    op.drop_column("generations", "parameters")
