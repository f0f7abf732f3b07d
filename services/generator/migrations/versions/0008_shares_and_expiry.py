"""Class and network of a generation's user, pieces per network and day, and what the sweep of objects needs.

The address of a user without an account is no longer kept after the end of a generation; earlier rows lose it here.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_UNFINISHED = "status IN ('queued', 'running')"
_FORGET = f"UPDATE generations SET listener_key = 'anonymous' WHERE owner_id IS NULL AND NOT ({_UNFINISHED})"  # noqa: S608
_CLASSIFY = f"UPDATE generations SET user_class = 'anonymous' WHERE owner_id IS NULL AND {_UNFINISHED}"  # noqa: S608


def upgrade() -> None:
    op.add_column("generations", sa.Column("user_class", sa.Text(), server_default="registered", nullable=False))
    op.add_column("generations", sa.Column("network", sa.Text()))
    op.execute(_FORGET)
    op.execute(_CLASSIFY)
    op.create_index(
        "ix_generations_network",
        "generations",
        ["network", "user_class"],
        postgresql_where=sa.text(f"{_UNFINISHED} AND network IS NOT NULL"),
    )
    op.create_index(
        "ix_generations_midi_key", "generations", ["midi_key"], postgresql_where=sa.text("midi_key IS NOT NULL")
    )
    op.create_index(
        "ix_generations_anonymous", "generations", ["finished_at"], postgresql_where=sa.text("owner_id IS NULL")
    )
    op.create_table(
        "network_pieces",
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("network", "day", name="pk_network_pieces"),
    )
    op.create_table(
        "maintenance",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_maintenance"),
    )


def downgrade() -> None:
    op.drop_table("maintenance")
    op.drop_table("network_pieces")
    for index in ("ix_generations_anonymous", "ix_generations_midi_key", "ix_generations_network"):
        op.drop_index(index, "generations")
    op.drop_column("generations", "network")
    op.drop_column("generations", "user_class")
