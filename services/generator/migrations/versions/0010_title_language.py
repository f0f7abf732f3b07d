"""The language of default titles; null for titles that the user gave, and for earlier pieces."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("generations", sa.Column("title_language", sa.Text()))


def downgrade() -> None:
    op.drop_column("generations", "title_language")
