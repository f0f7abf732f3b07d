"""Variations of one order, kept partial pieces, live notes, and workers' own reports."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("generations", sa.Column("order_id", postgresql.UUID(as_uuid=True)))
    op.add_column("generations", sa.Column("variation", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("generations", sa.Column("keep_partial", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("generations", sa.Column("watched_until", sa.DateTime(timezone=True)))
    op.execute("UPDATE generations SET order_id = id")
    op.alter_column("generations", "order_id", nullable=False)
    op.create_index("ix_generations_order", "generations", ["order_id", "variation"])
    # Neither table holds anything that a restart of PostgreSQL should wait for or could miss.
    op.create_table(
        "live_events",
        sa.Column("generation_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("events", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("generation_id", name="pk_live_events"),
        prefixes=["UNLOGGED"],
    )
    op.create_table(
        "workers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("models", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("ended_per_second", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workers"),
        prefixes=["UNLOGGED"],
    )


def downgrade() -> None:
    op.drop_table("workers")
    op.drop_table("live_events")
    op.drop_index("ix_generations_order", "generations")
    for column in ("watched_until", "keep_partial", "variation", "order_id"):
        op.drop_column("generations", column)
