"""Class and network of a generation's user, pieces per network and day, and what the sweep of objects needs.

The address of a user without an account is no longer kept after the end of a generation; earlier rows lose it here.
"""

import sqlalchemy as sa
from alembic import op
from euterpe_service_kit.migrations import create_index_concurrently, update_in_batches

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_UNFINISHED = "status IN ('queued', 'running')"
_CHOSEN = "UPDATE generations SET {} WHERE id = ANY(:ids) AND owner_id IS NULL AND {}"
_FORGET = _CHOSEN.format("listener_key = 'anonymous'", f"NOT ({_UNFINISHED})")
_CLASSIFY = _CHOSEN.format("user_class = 'anonymous'", _UNFINISHED)
#: Index → columns and condition.
_INDEXES = {
    "ix_generations_network": (["network", "user_class"], f"{_UNFINISHED} AND network IS NOT NULL"),
    "ix_generations_midi_key": (["midi_key"], "midi_key IS NOT NULL"),
    "ix_generations_anonymous": (["finished_at"], "owner_id IS NULL"),
}


def upgrade() -> None:
    # The block commits before the revision is recorded, so the statements must succeed again after an interruption.
    user_class = sa.Column("user_class", sa.Text(), server_default="registered", nullable=False)
    op.add_column("generations", user_class, if_not_exists=True)
    op.add_column("generations", sa.Column("network", sa.Text()), if_not_exists=True)
    _create_tables()
    with op.get_context().autocommit_block():
        update_in_batches("generations", "owner_id IS NULL", _FORGET, _CLASSIFY)
        for name, (columns, condition) in _INDEXES.items():
            create_index_concurrently(name, "generations", columns, postgresql_where=sa.text(condition))


def _create_tables() -> None:
    op.create_table(
        "network_pieces",
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("network", "day", name="pk_network_pieces"),
        if_not_exists=True,
    )
    op.create_table(
        "maintenance",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_maintenance"),
        if_not_exists=True,
    )


def downgrade() -> None:
    op.drop_table("maintenance")
    op.drop_table("network_pieces")
    for name in _INDEXES:
        op.drop_index(name, "generations")
    op.drop_column("generations", "network")
    op.drop_column("generations", "user_class")
