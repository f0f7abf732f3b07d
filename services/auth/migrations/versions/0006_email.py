"""E-mail addresses, tokens in links of mails, mails to be sent, and the last authentication of a session."""

import sqlalchemy as sa
from alembic import op
from euterpe_service_kit.migrations import set_storage
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_UUID = postgresql.UUID(as_uuid=True)
_TIME = sa.DateTime(timezone=True)
_COLUMNS = ("email", "pending_email", "language")


def upgrade() -> None:
    for name in _COLUMNS:
        op.add_column("users", sa.Column(name, sa.Text()))
    op.add_column("sessions", sa.Column("authenticated_at", _TIME))
    op.create_index("uq_users_email_lower", "users", [sa.text("lower(email)")], unique=True)
    op.create_table(
        "account_tokens",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("user_id", _UUID, nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_account_tokens"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_account_tokens_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_account_tokens_user_id", "account_tokens", ["user_id"])
    op.create_index("ix_account_tokens_expires_at", "account_tokens", ["expires_at"])
    op.create_table(
        "mails",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sealed_content", sa.LargeBinary(), nullable=False),
        sa.Column("due_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mails"),
    )
    op.create_index("ix_mails_due_at", "mails", ["due_at"])
    set_storage({"mails": "autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500"})


def downgrade() -> None:
    op.drop_table("mails")
    op.drop_table("account_tokens")
    op.drop_index("uq_users_email_lower", "users")
    op.drop_column("sessions", "authenticated_at")
    for name in reversed(_COLUMNS):
        op.drop_column("users", name)
