"""Storage settings: room for new row versions on the same page, and vacuums after few changes."""

from euterpe_service_kit.migrations import reset_storage, set_storage

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_SETTINGS = {
    "songs": "fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05",
    "artifact_garbage": "autovacuum_vacuum_scale_factor = 0.05",
    "network_imports": "fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500",
}


def upgrade() -> None:
    set_storage(_SETTINGS)


def downgrade() -> None:
    reset_storage(_SETTINGS)
