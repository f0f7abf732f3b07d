"""Logins at an OpenID Connect provider, and accounts without a password."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_UUID = postgresql.UUID(as_uuid=True)
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "provider_links",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("user_id", _UUID, nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("last_used_at", _TIME),
        sa.PrimaryKeyConstraint("id", name="pk_provider_links"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_provider_links_user_id", ondelete="CASCADE"),
        sa.UniqueConstraint("issuer", "subject", name="uq_provider_links_issuer_subject"),
        sa.UniqueConstraint("user_id", "issuer", name="uq_provider_links_user_id_issuer"),
    )
    op.create_table(
        "provider_requests",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("state_digest", sa.LargeBinary()),
        sa.Column("sealed_secrets", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", _UUID),
        sa.Column("session_id", _UUID),
        sa.Column("subject", sa.Text()),
        sa.Column("name", sa.Text()),
        sa.Column("authenticated_at", _TIME),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_provider_requests"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_provider_requests_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_provider_requests_expires_at", "provider_requests", ["expires_at"])
    op.drop_constraint(op.f("ck_users_guest"), "users", type_="check")
    op.create_check_constraint(op.f("ck_users_guest"), "users", "username IS NOT NULL OR password_hash IS NULL")


def downgrade() -> None:
    # Accounts without a password keep their name, and get the hash of an unknown one: their owners recover it by mail
    # or with a recovery code.
    random_bytes = "decode(replace(gen_random_uuid()::text, '-', ''), 'hex')"
    salt = f"rtrim(encode({random_bytes}, 'base64'), '=')"
    digest = f"rtrim(encode({random_bytes} || {random_bytes}, 'base64'), '=')"
    op.execute(
        f"UPDATE users SET password_hash = '$argon2id$v=19$m=19456,t=2,p=1$' || {salt} || '$' || {digest} "  # noqa: S608 - constants
        "WHERE username IS NOT NULL AND password_hash IS NULL"
    )
    op.drop_constraint(op.f("ck_users_guest"), "users", type_="check")
    op.create_check_constraint(op.f("ck_users_guest"), "users", "(username IS NULL) = (password_hash IS NULL)")
    op.drop_table("provider_requests")
    op.drop_table("provider_links")
