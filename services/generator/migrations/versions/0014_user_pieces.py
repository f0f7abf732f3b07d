"""Pieces that accounts requested on a day, and limits that operators set for single accounts."""

import sqlalchemy as sa
from alembic import op
from euterpe_service_kit.migrations import set_storage

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

#: Room for new versions of the rows on the same page, and vacuums after few changes.
_SETTINGS = {
    "user_pieces": "fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500",
}


def upgrade() -> None:
    op.create_table(
        "user_pieces",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "day", name="pk_user_pieces"),
    )
    op.create_table(
        "user_quotas",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("max_pieces_per_day", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_user_quotas"),
    )
    set_storage(_SETTINGS)


def downgrade() -> None:
    op.drop_table("user_quotas")
    op.drop_table("user_pieces")
