"""Background orders, and an index by listener for what follows a guest's claim or an account's end."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_QUEUED = sa.text("status = 'queued'")


def upgrade() -> None:
    op.add_column("generations", sa.Column("background", sa.Boolean(), server_default="false", nullable=False))
    op.drop_index("ix_generations_queue", "generations")
    order = ["background", "turn", "created_at"]
    op.create_index("ix_generations_queue", "generations", order, postgresql_where=_QUEUED)
    op.create_index("ix_generations_listener", "generations", ["listener_key"])


def downgrade() -> None:
    op.drop_index("ix_generations_listener", "generations")
    op.drop_index("ix_generations_queue", "generations")
    op.create_index("ix_generations_queue", "generations", ["turn", "created_at"], postgresql_where=_QUEUED)
    op.drop_column("generations", "background")
