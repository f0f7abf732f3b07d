"""Storage settings: room for new row versions on the same page, and vacuums after few changes."""

from alembic import op

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
    for table, settings in _SETTINGS.items():
        op.execute(f"ALTER TABLE {table} SET ({settings})")


def downgrade() -> None:
    for table, settings in _SETTINGS.items():
        names = ", ".join(setting.split(" = ")[0].strip() for setting in settings.split(","))
        op.execute(f"ALTER TABLE {table} RESET ({names})")
