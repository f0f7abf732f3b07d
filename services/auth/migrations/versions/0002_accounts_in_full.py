"""Guests, API keys, attempts, security events, and the outbox."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_UUID = postgresql.UUID(as_uuid=True)
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.alter_column("users", "username", nullable=True)
    op.alter_column("users", "password_hash", nullable=True)
    op.create_check_constraint(op.f("ck_users_guest"), "users", "(username IS NULL) = (password_hash IS NULL)")
    op.create_index("ix_users_guests", "users", ["created_at"], postgresql_where=sa.text("username IS NULL"))
    op.add_column("sessions", sa.Column("last_used_at", _TIME))
    op.execute("UPDATE sessions SET last_used_at = created_at")
    op.alter_column("sessions", "last_used_at", nullable=False)
    for name in ("address", "user_agent"):
        op.add_column("sessions", sa.Column(name, sa.Text(), nullable=False, server_default=""))
        op.alter_column("sessions", name, server_default=None)
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    _create_api_keys()
    _create_attempts_and_events()
    _create_peer_tasks()


def _create_api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("user_id", _UUID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("last_used_at", _TIME),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_api_keys_user_id", ondelete="CASCADE"),
        sa.UniqueConstraint("digest", name="uq_api_keys_digest"),
    )
    op.create_index("ix_api_keys_user_id", "api_keys", ["user_id"])


def _create_attempts_and_events() -> None:
    op.create_table(
        "attempts",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("settled_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_attempts"),
    )
    op.create_index("ix_attempts_settled_at", "attempts", ["settled_at"])
    op.create_table(
        "security_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("happened_at", _TIME, nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("user_id", _UUID),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_security_events"),
    )
    op.create_index("ix_security_events_happened_at", "security_events", ["happened_at"])
    op.create_index("ix_security_events_user_id_id", "security_events", ["user_id", "id"])


def _create_peer_tasks() -> None:
    op.create_table(
        "peer_tasks",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("listener_id", _UUID, nullable=False),
        sa.Column("target_id", _UUID),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("due_at", _TIME, nullable=False),
        sa.Column("repeat_at", _TIME),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_peer_tasks"),
    )
    op.create_index("ix_peer_tasks_due_at", "peer_tasks", ["due_at"])


def downgrade() -> None:
    for table in ("peer_tasks", "security_events", "attempts", "api_keys"):
        op.drop_table(table)
    op.drop_index("ix_sessions_expires_at", "sessions")
    for name in ("user_agent", "address", "last_used_at"):
        op.drop_column("sessions", name)
    # Revision 0001 has no guests.
    op.execute("DELETE FROM users WHERE username IS NULL")
    op.drop_index("ix_users_guests", "users")
    op.drop_constraint(op.f("ck_users_guest"), "users")
    op.alter_column("users", "password_hash", nullable=False)
    op.alter_column("users", "username", nullable=False)
