"""Storage settings: room for new row versions on the same page, and vacuums after few changes."""

from euterpe_service_kit.migrations import reset_storage, set_storage

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SETTINGS = {
    "sessions": "fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05",
    "refresh_tokens": "fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05",
    "attempts": "fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500",
    "peer_tasks": "autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500",
}


def upgrade() -> None:
    set_storage(_SETTINGS)


def downgrade() -> None:
    reset_storage(_SETTINGS)
