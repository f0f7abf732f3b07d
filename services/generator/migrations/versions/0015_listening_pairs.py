"""Pairs of the listening test and their answers; nothing about users but a number that many browsers share."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "listening_pairs",
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("excerpt_id", sa.Text, nullable=False),
        sa.Column("style", sa.Text, nullable=False),
        sa.Column("generation_id", UUID(as_uuid=True), nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("model_version", sa.Text, nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.Column("preferred", sa.Text),
        sa.Column("guessed", sa.Text),
        sa.Column("browser", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_listening_pairs"),
    )
    op.create_index(
        "ix_listening_pairs_answered",
        "listening_pairs",
        ["answered_at", "id"],
        postgresql_where=sa.text("answered_at IS NOT NULL"),
    )
    op.create_index(
        "ix_listening_pairs_unanswered",
        "listening_pairs",
        ["expires_at"],
        postgresql_where=sa.text("answered_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("listening_pairs")
