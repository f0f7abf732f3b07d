"""Bounds of the queue as sequences, renewals of leases that touch no index, and storage settings.

A sequence keeps no row versions. Reads of the queue begin at its floor instead of at the oldest claimed row, whose
versions stay in the index while anything holds an old snapshot. `lease_until` changes every few seconds, so no index
contains it.
"""

import sqlalchemy as sa
from alembic import op
from euterpe_service_kit.migrations import (
    create_index_concurrently,
    drop_index_concurrently,
    reset_storage,
    set_storage,
)

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_SEQUENCES = ("queue_head", "queue_floor", "background_queue_head", "background_queue_floor")
_RUNNING = sa.text("status = 'running'")
#: Table → storage parameters: room for new versions on the same page, and vacuums after few changes.
_SETTINGS = {
    "generations": "fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, "
    "autovacuum_analyze_scale_factor = 0.05",
    "live_events": "fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200",
    "workers": "fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200",
    "network_pieces": "fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500",
    "idempotency_keys": "autovacuum_vacuum_scale_factor = 0.05",
}


def upgrade() -> None:
    for sequence in _SEQUENCES:
        op.execute(f"CREATE SEQUENCE IF NOT EXISTS {sequence} MINVALUE 0 START 0")
    set_storage(_SETTINGS)
    with op.get_context().autocommit_block():
        create_index_concurrently("ix_generations_running", "generations", ["started_at"], postgresql_where=_RUNNING)
        drop_index_concurrently("ix_generations_leases", "generations")


def downgrade() -> None:
    reset_storage(_SETTINGS)
    op.create_index("ix_generations_leases", "generations", ["lease_until"], postgresql_where=_RUNNING)
    op.drop_index("ix_generations_running", "generations")
    for sequence in _SEQUENCES:
        op.execute(f"DROP SEQUENCE {sequence}")
