"""Storage settings: room for new row versions on the same page, and vacuums after few changes."""

from alembic import op

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
    for table, settings in _SETTINGS.items():
        op.execute(f"ALTER TABLE {table} SET ({settings})")


def downgrade() -> None:
    for table, settings in _SETTINGS.items():
        names = ", ".join(setting.split(" = ")[0].strip() for setting in settings.split(","))
        op.execute(f"ALTER TABLE {table} RESET ({names})")
